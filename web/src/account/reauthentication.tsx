import { useReauthentication } from '@portcullis/client/react';
import { createContext, useContext, type ReactNode } from 'react';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { PasswordField } from '../ui/field.js';
import { Notice } from '../ui/notice.js';
import { WRONG_PASSWORD } from '../words/failure.js';
import { text, useSubmission } from '../ui/use-submission.js';

type Guard = <T>(task: () => Promise<T>) => Promise<T>;

const GuardContext = createContext<Guard>((task) => task());

/** Does something sensitive; the person is asked for the password in between when the sign-in is too long ago. */
export function useGuard(): Guard {
  return useContext(GuardContext);
}

/** Brings the dialog that asks. */
export function ReauthenticationProvider({ children }: { children: ReactNode }) {
  const { asked, run, confirm, cancel } = useReauthentication();
  return (
    <GuardContext value={run}>
      {children}
      {asked && <PasswordDialog onConfirm={confirm} onCancel={cancel} />}
    </GuardContext>
  );
}

interface PasswordDialogProps {
  onConfirm: (password: string) => Promise<void>;
  onCancel: () => void;
}

function PasswordDialog({ onConfirm, onCancel }: PasswordDialogProps) {
  const { form, busy, failure, submit } = useSubmission((values) => onConfirm(text(values, 'password')), {
    check: (values) => ({ password: text(values, 'password') === '' && 'Type your password.' }),
    places: { credentials_invalid: { field: 'password', sentence: WRONG_PASSWORD } },
  });
  return (
    <Dialog title="Is it still you?" above onClose={onCancel}>
      <p className="quiet">You signed in a while ago. Type your password to go on.</p>
      <form ref={form} className="form" noValidate onSubmit={submit}>
        {failure.message !== null && <Notice tone="danger">{failure.message}</Notice>}
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          error={failure.fields.password}
        />
        <div className="dialog-actions">
          <Button onClick={onCancel}>Cancel</Button>
          <Button look="primary" type="submit" busy={busy && 'Checking…'}>
            Continue
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
