import type { ButtonHTMLAttributes, MouseEvent, ReactNode } from 'react';

type Look = 'plain' | 'primary' | 'danger' | 'quiet-danger';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  wide?: boolean;
  /** What is being done meanwhile, such as "Saving…": the button keeps the focus and does nothing. */
  busy?: string | false;
  children: ReactNode;
}

export function Button({ look = 'plain', small, wide, busy = false, onClick, children, ...rest }: ButtonProps) {
  const classes = ['button', look !== 'plain' && `button-${look}`, small && 'button-small', wide && 'button-wide'];
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    // Not `disabled`: that would drop the focus, and a reader would lose its place.
    if (busy !== false) event.preventDefault();
    else onClick?.(event);
  };
  return (
    <button
      type="button"
      {...rest}
      className={classes.filter(Boolean).join(' ')}
      aria-disabled={busy !== false || undefined}
      onClick={press}
    >
      {busy !== false && <span className="spinner" aria-hidden="true" />}
      {busy === false ? children : busy}
    </button>
  );
}
