import { useId, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { useClient } from './client-context.js';
import { useTimeOutWarning, type TimeOutWarning } from './use-time-out-warning.js';

export interface TimeOutTexts {
  idleTitle: string;
  /** What stands around the countdown: before it, and after it. */
  idleText: [before: string, after: string];
  stay: string;
  /** When the service could not be told that the person stays. */
  unreachable: string;
  signOut: string;
  absoluteTitle: string;
  absoluteText: [before: string, after: string];
  later: string;
  signInAgain: string;
  /** Read out to screen readers when little time is left. */
  secondsLeft: (seconds: number) => string;
}

const ENGLISH: TimeOutTexts = {
  idleTitle: 'Are you still there?',
  idleText: ['You will be signed out in ', ', because nothing has happened here for a while.'],
  stay: 'Stay signed in',
  unreachable: 'We could not reach the service. Check your connection and try again.',
  signOut: 'Sign out',
  absoluteTitle: 'Sign in again soon',
  absoluteText: ['This sign-in ends in ', '. Finish what you are doing, then sign in again.'],
  later: 'Not yet',
  signInAgain: 'Sign in again now',
  secondsLeft: (seconds) => `${seconds} seconds left.`,
};

/** When the time left is read out, in seconds: counting along, a screen reader would say nothing else any more. */
const READ_OUT = [10, 30];

/** Names of classes; those of time-out-dialog.css unless an application has its own. */
export interface TimeOutClasses {
  dialog: string;
  countdown: string;
  actions: string;
  button: string;
  primaryButton: string;
  /** The sentence when staying failed. */
  notice: string;
  /** For what only screen readers are told. */
  visuallyHidden: string;
}

const CLASSES: TimeOutClasses = {
  dialog: 'portcullis-time-out',
  countdown: 'portcullis-time-out-countdown',
  actions: 'portcullis-time-out-actions',
  button: 'portcullis-time-out-button',
  primaryButton: 'portcullis-time-out-button portcullis-time-out-primary',
  notice: 'portcullis-time-out-notice',
  visuallyHidden: 'portcullis-visually-hidden',
};

export interface TimeOutDialogProps {
  texts?: Partial<TimeOutTexts>;
  classes?: Partial<TimeOutClasses>;
}

/**
 * Warns before the session ends, with a countdown. Put it once, anywhere below the provider: it shows itself when there
 * is something to warn of, and in all tabs together. Idle: stay signed in, or sign out. Absolute: sign in again soon.
 */
export function TimeOutDialog({ texts, classes }: TimeOutDialogProps) {
  const warning = useTimeOutWarning();
  if (!warning) return null;
  const dialog = { warning, texts: { ...ENGLISH, ...texts }, classes: { ...CLASSES, ...classes } };
  // Its own dialog for each kind, so that the second one takes the focus as well.
  return warning.kind === 'idle' ? (
    <IdleDialog key="idle" {...dialog} />
  ) : (
    <AbsoluteDialog key="absolute" {...dialog} />
  );
}

interface OpenDialogProps {
  warning: TimeOutWarning;
  texts: TimeOutTexts;
  classes: TimeOutClasses;
}

function IdleDialog({ warning, texts, classes }: OpenDialogProps) {
  const client = useClient();
  const [failed, setFailed] = useState(false);
  const stay = () => {
    setFailed(false);
    client.stayActive().catch(() => setFailed(true));
  };
  const notice = failed ? texts.unreachable : null;
  return (
    <Modal title={texts.idleTitle} sentence={texts.idleText} {...{ warning, texts, classes, notice }} onEscape={stay}>
      <button type="button" className={classes.button} onClick={() => void client.signOut()}>
        {texts.signOut}
      </button>
      <button type="button" className={classes.primaryButton} onClick={stay} data-focus>
        {texts.stay}
      </button>
    </Modal>
  );
}

function AbsoluteDialog({ warning, texts, classes }: OpenDialogProps) {
  const client = useClient();
  const { dismiss } = warning;
  return (
    <Modal
      title={texts.absoluteTitle}
      sentence={texts.absoluteText}
      {...{ warning, texts, classes }}
      onEscape={dismiss}
    >
      <button type="button" className={classes.button} onClick={() => void client.signOut()}>
        {texts.signInAgain}
      </button>
      <button type="button" className={classes.primaryButton} onClick={dismiss} data-focus>
        {texts.later}
      </button>
    </Modal>
  );
}

interface ModalProps extends OpenDialogProps {
  title: string;
  sentence: [before: string, after: string];
  notice?: string | null;
  onEscape: () => void;
  /** The buttons. */
  children: ReactNode;
}

function Modal({ title, sentence: [before, after], warning, texts, classes, notice, onEscape, children }: ModalProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // The browser would choose the first button, which signs out.
    dialog?.querySelector<HTMLElement>('[data-focus]')?.focus();
    // Closed before it leaves the page, so that the browser gives the focus back to where it was.
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      role="alertdialog"
      className={classes.dialog}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onCancel={(event) => {
        event.preventDefault();
        onEscape();
      }}
    >
      <h2 id={`${id}-title`}>{title}</h2>
      <p id={`${id}-text`}>
        {before}
        <span role="timer" className={classes.countdown}>
          {minutesAndSeconds(warning.secondsLeft)}
        </span>
        {after}
      </p>
      <p role="status" className={classes.visuallyHidden}>
        {readOut(warning.secondsLeft, texts)}
      </p>
      <p role="alert" className={notice ? classes.notice : classes.visuallyHidden}>
        {notice}
      </p>
      <div className={classes.actions}>{children}</div>
    </dialog>
  );
}

function readOut(secondsLeft: number, texts: TimeOutTexts): string {
  const step = READ_OUT.find((seconds) => secondsLeft <= seconds);
  return step === undefined ? '' : texts.secondsLeft(step);
}

/** "4:05". */
function minutesAndSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
