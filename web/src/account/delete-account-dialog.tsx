import { useClient, useSession } from '@portcullis/client/react';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { Field } from '../ui/field.js';
import { Notice } from '../ui/notice.js';
import { text, useSubmission } from '../ui/use-submission.js';
import { useGuard } from './reauthentication.js';

/** Nothing brings an account back: its address has to be typed. */
export function DeleteAccountDialog({ onClose }: { onClose: () => void }) {
  const client = useClient();
  const session = useSession();
  const guard = useGuard();
  const email = session.state === 'signed_in' ? session.user.email : '';
  const { form, busy, failure, submit } = useSubmission(
    async () => {
      await guard(() => client.request('/v1/users/me', { method: 'DELETE' }));
      // Is told that the account is gone, and signs out with that reason.
      await client.refresh().catch(() => undefined);
    },
    {
      check: (values) => ({
        confirmation: text(values, 'confirmation').trim().toLowerCase() !== email && `Type ${email} to confirm.`,
      }),
    },
  );
  return (
    <Dialog title="Delete your account?" onClose={onClose}>
      <p>
        All your devices are signed out and the account is deleted. Nobody can bring it back. To confirm, type{' '}
        <strong>{email}</strong>.
      </p>
      <form ref={form} className="form" noValidate onSubmit={submit}>
        {failure.message !== null && <Notice tone="danger">{failure.message}</Notice>}
        <Field
          label="Your e-mail address"
          name="confirmation"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          error={failure.fields.confirmation}
        />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="danger" type="submit" busy={busy && 'Deleting…'}>
            Delete account
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
