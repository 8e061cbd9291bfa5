import { useClientEvent } from '@portcullis/client/react';
import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from 'react';
import { CheckIcon } from './icons.js';

/** Long enough to read a sentence twice; nothing is lost when it goes: what it tells is on the page as well. */
const SHOWN_MS = 6_000;

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
  return (
    <ToastContext value={say}>
      {children}
      <div className="toast" role="status">
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
