import { useState, type ReactNode } from 'react';
import { ReauthenticationCancelled } from '@portcullis/client/react';
import { failureSentence } from '../words/failure.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { Notice } from './notice.js';

interface ConfirmDialogProps {
  title: string;
  /** What the button says, and what it says meanwhile. */
  action: string;
  busy: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  children: ReactNode;
}

/** For what cannot be undone. "Cancel" has the focus: Enter does no harm. */
export function ConfirmDialog({ title, action, busy, onConfirm, onClose, children }: ConfirmDialogProps) {
  const [running, setRunning] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const confirm = async () => {
    setRunning(true);
    setFailure(null);
    try {
      await onConfirm();
    } catch (error) {
      if (!(error instanceof ReauthenticationCancelled)) setFailure(failureSentence(error));
    } finally {
      setRunning(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {failure !== null && <Notice tone="danger">{failure}</Notice>}
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="danger" busy={running && busy} onClick={() => void confirm()}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
