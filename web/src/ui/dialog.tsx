import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';

interface DialogProps {
  title: string;
  /** Whether it may open over another one, which steps back meanwhile. */
  above?: boolean;
  /** Escape, and the button that each dialog brings itself. */
  onClose: () => void;
  children: ReactNode;
}

/**
 * A modal dialog of the browser: it holds the focus and gives it back to where it was. It is open while it is mounted.
 * The focus goes to the first element that takes it: the field to fill in, or the button that does no harm.
 */
export function Dialog({ title, above = false, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // Closed before React takes it out of the page; otherwise the browser would not give the focus back.
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className={above ? 'dialog dialog-above' : 'dialog'}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  );
}
