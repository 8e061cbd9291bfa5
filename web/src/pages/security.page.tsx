import { useState } from 'react';
import { DeleteAccountDialog } from '../account/delete-account-dialog.js';
import { PasswordForm } from '../account/password-form.js';
import { SignOutEverywhereDialog } from '../account/sign-out-everywhere-dialog.js';
import { Button } from '../ui/button.js';
import { PageHeading } from '../ui/page.js';

export function SecurityPage() {
  const [open, setOpen] = useState<'sign-out' | 'delete' | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <PageHeading title="Security">Your password, signing out everywhere, and deleting the account.</PageHeading>
      <section className="section card card-body" aria-labelledby="password">
        <h2 id="password">Password</h2>
        <p className="quiet">Changing it signs out all your other devices.</p>
        <PasswordForm />
      </section>
      <div className="section card">
        <section className="card-row" aria-labelledby="everywhere">
          <div>
            <h2 id="everywhere">Sign out everywhere</h2>
            <p className="quiet">Every device is signed out at once, this one too.</p>
          </div>
          <Button onClick={() => setOpen('sign-out')}>Sign out everywhere</Button>
        </section>
        <section className="card-row" aria-labelledby="delete">
          <div>
            <h2 id="delete">Delete your account</h2>
            <p className="quiet">The account and everything in it goes, for good.</p>
          </div>
          <Button look="quiet-danger" onClick={() => setOpen('delete')}>
            Delete account
          </Button>
        </section>
      </div>
      {open === 'sign-out' && <SignOutEverywhereDialog onClose={close} />}
      {open === 'delete' && <DeleteAccountDialog onClose={close} />}
    </>
  );
}
