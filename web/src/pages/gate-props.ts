export interface GateProps {
  /** The address typed so far: it goes along between signing in and registering. */
  email: string;
  onEmail: (email: string) => void;
  /** Why the person is signed out; undefined for somebody who was not signed in. */
  reason?: string | undefined;
}

/** Only what is surely no address: the service judges the rest. */
export function emailFault(email: string): string | false {
  if (email.trim() === '') return 'Type your e-mail address.';
  return !/^[^\s@]+@[^\s@]+$/.test(email.trim()) && 'Type an e-mail address, such as ada@example.com.';
}
