import { useClient } from '@portcullis/client/react';
import { ConfirmDialog } from '../ui/confirm-dialog.js';

export function SignOutEverywhereDialog({ onClose }: { onClose: () => void }) {
  const client = useClient();
  return (
    <ConfirmDialog
      title="Sign out everywhere?"
      action="Sign out everywhere"
      busy="Signing out…"
      onConfirm={() => client.signOutEverywhere()}
      onClose={onClose}
    >
      <p className="quiet">Every device is signed out at once, this one too. To come back, the password is needed.</p>
    </ConfirmDialog>
  );
}
