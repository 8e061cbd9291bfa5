import type { KeyboardEvent } from 'react';
import { Button } from '../ui/button.js';
import { Field } from '../ui/field.js';
import { text, useSubmission } from '../ui/use-submission.js';

interface RenameFormProps {
  name: string;
  onRename: (name: string) => Promise<void>;
  onClose: () => void;
}

/** In place of the name. Enter saves, Escape leaves it as it was. */
export function RenameForm({ name, onRename, onClose }: RenameFormProps) {
  const { form, busy, failure, submit } = useSubmission(
    async (values) => {
      const wanted = text(values, 'name').trim();
      if (wanted !== name) await onRename(wanted);
      onClose();
    },
    { check: (values) => ({ name: text(values, 'name').trim() === '' && 'Type a name.' }) },
  );
  const leave = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
  };
  return (
    <form ref={form} className="rename" noValidate onSubmit={submit} onKeyDown={leave}>
      <Field
        label="Name of the device"
        name="name"
        defaultValue={name}
        maxLength={60}
        autoComplete="off"
        autoFocus
        onFocus={(event) => event.target.select()}
        error={failure.fields.name ?? failure.message}
      />
      <div className="rename-actions">
        <Button small look="primary" type="submit" busy={busy && 'Saving…'}>
          Save
        </Button>
        <Button small onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
