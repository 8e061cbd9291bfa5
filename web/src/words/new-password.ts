/** As the service has it, which judges the rest too. */
const MIN = 8;

/** What can be told of a new password without asking the service, so that it is told beside what is wrong elsewhere. */
export function newPasswordFault(password: string): string | false {
  if (password === '') return 'Choose a password.';
  return [...password.normalize('NFC')].length < MIN && `Use at least ${MIN} characters.`;
}
