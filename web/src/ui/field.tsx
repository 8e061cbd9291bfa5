import { useId, useState, type InputHTMLAttributes, type ReactNode, type Ref } from 'react';
import { AlarmIcon, EyeIcon, EyeOffIcon } from './icons.js';

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  name: string;
  hint?: string;
  optional?: boolean;
  /** A sentence that says what to do. */
  error?: ReactNode;
  ref?: Ref<HTMLInputElement>;
}

/** A labelled input with its hint and its error beside it, tied together for screen readers. */
export function Field({ label, hint, optional = false, error, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <FieldLabel id={id} label={label} optional={optional} />
      <input {...input} {...describe(id, hint, error)} className="input" />
      <FieldNotes id={id} hint={hint} error={error} />
    </div>
  );
}

/** The same for a password, with a switch to look at what was typed. */
export function PasswordField({ label, hint, optional = false, error, ...input }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  return (
    <div className="field">
      <FieldLabel id={id} label={label} optional={optional} />
      <div className="password">
        <input
          {...input}
          {...describe(id, hint, error)}
          className="input"
          type={shown ? 'text' : 'password'}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
        />
        <button type="button" className="button-icon" aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? <EyeOffIcon /> : <EyeIcon />}
          <span className="visually-hidden">Show the {label.toLowerCase()}</span>
        </button>
      </div>
      <FieldNotes id={id} hint={hint} error={error} />
    </div>
  );
}

function FieldLabel({ id, label, optional }: { id: string; label: string; optional: boolean }) {
  return (
    <label htmlFor={id}>
      {label} {optional && <span className="optional">(optional)</span>}
    </label>
  );
}

function FieldNotes({ id, hint, error }: { id: string; hint?: string | undefined; error?: ReactNode }) {
  return (
    <>
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {hasText(error) && (
        <p className="field-error" id={`${id}-error`}>
          <AlarmIcon />
          <span>{error}</span>
        </p>
      )}
    </>
  );
}

function describe(id: string, hint: string | undefined, error: ReactNode) {
  const notes = [hasText(error) && `${id}-error`, hint !== undefined && `${id}-hint`].filter(Boolean).join(' ');
  return { id, 'aria-invalid': hasText(error) || undefined, 'aria-describedby': notes === '' ? undefined : notes };
}

function hasText(error: ReactNode): boolean {
  return error !== undefined && error !== null && error !== '';
}
