import { useClient, useSession } from '@portcullis/client/react';
import { useState } from 'react';
import { Button } from '../ui/button.js';
import { PasswordField } from '../ui/field.js';
import { Notice } from '../ui/notice.js';
import { WRONG_PASSWORD } from '../words/failure.js';
import { text, useSubmission } from '../ui/use-submission.js';

export function PasswordForm() {
  const client = useClient();
  const session = useSession();
  const [changed, setChanged] = useState(false);
  const { form, busy, failure, submit } = useSubmission(
    async (values) => {
      setChanged(false);
      await client.changePassword({
        currentPassword: text(values, 'currentPassword'),
        newPassword: text(values, 'newPassword'),
      });
      form.current?.reset();
      setChanged(true);
    },
    {
      check: (values) => ({
        currentPassword: text(values, 'currentPassword') === '' && 'Type your current password.',
        newPassword: text(values, 'newPassword') === '' && 'Choose a new password.',
      }),
      places: { credentials_invalid: { field: 'currentPassword', sentence: WRONG_PASSWORD } },
    },
  );
  return (
    <form ref={form} className="form" noValidate onSubmit={submit}>
      {changed && (
        <Notice tone="good">Your password is changed, and all your other devices have been signed out.</Notice>
      )}
      {failure.message !== null && <Notice tone="danger">{failure.message}</Notice>}
      <input
        type="email"
        name="username"
        autoComplete="username"
        defaultValue={session.state === 'signed_in' ? session.user.email : ''}
        hidden
      />
      <PasswordField
        label="Current password"
        name="currentPassword"
        autoComplete="current-password"
        error={failure.fields.currentPassword}
      />
      <PasswordField
        label="New password"
        name="newPassword"
        autoComplete="new-password"
        hint="At least 8 characters. A few unrelated words are strong and easy to remember."
        error={failure.fields.newPassword}
      />
      <div className="form-actions">
        <Button look="primary" type="submit" busy={busy && 'Changing…'}>
          Change password
        </Button>
      </div>
    </form>
  );
}
