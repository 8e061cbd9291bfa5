import { useClientEvent } from '@portcullis/client/react';
import { createContext, useCallback, useContext, useEffect, useLayoutEffect, useState, type ReactNode } from 'react';
import { CheckIcon } from './icons.js';

/** Long enough to read a sentence twice; nothing is lost when it goes: what it tells is on the page as well. */
const SHOWN_MS = 6_000;

/** What two lines of it take of the lower edge of the window on the smallest screen, in pixels. */
const ROOM = 120;

const ToastContext = createContext<(text: string) => void>(() => undefined);

/** Says what was done, or what happened by itself, on screen and to screen readers. */
export function useToast(): (text: string) => void {
  return useContext(ToastContext);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<{ text: string; id: number } | null>(null);
  const say = useCallback((text: string) => setToast((before) => ({ text, id: (before?.id ?? 0) + 1 })), []);
  useClientEvent('signedOut', () => setToast(null));
  useEffect(() => {
    if (!toast) return;
    const timer = setTimeout(() => setToast(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  const isAbove = useFieldBelow(toast);
  return (
    <ToastContext value={say}>
      {children}
      <div className={isAbove ? 'toast toast-above' : 'toast'} role="status">
        {toast && (
          <p key={toast.id}>
            <CheckIcon />
            {toast.text}
          </p>
        )}
      </div>
    </ToastContext>
  );
}

/** Whether a field to type into lies where the toast would be. Looks when there is a new one, and when the focus moves. */
function useFieldBelow(toast: object | null): boolean {
  const [isBelow, setBelow] = useState(false);
  useLayoutEffect(() => {
    if (!toast) return;
    const look = () => {
      const boxes = [...document.querySelectorAll('input')].map((field) => field.getBoundingClientRect());
      setBelow(boxes.some(({ top, bottom }) => top < window.innerHeight && bottom > window.innerHeight - ROOM));
    };
    look();
    document.addEventListener('focusin', look);
    return () => document.removeEventListener('focusin', look);
  }, [toast]);
  return isBelow;
}
