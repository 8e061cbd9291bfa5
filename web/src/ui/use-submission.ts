import { useEffect, useRef, useState, type FormEvent } from 'react';
import { describeFailure, type Failure, type FailurePlaces } from '../words/failure.js';
import { ReauthenticationCancelled } from '@portcullis/client/react';

const NOTHING: Failure = { fields: {}, message: null };

interface SubmissionOptions {
  /** What can be told without asking the service: the sentence for each field that is not in order. */
  check?: (values: FormData) => Record<string, string | false | undefined>;
  places?: FailurePlaces;
}

/**
 * Sends a form. Nothing that was typed is lost when it fails; the sentences stand beside their fields and the focus goes
 * to the first of them. `attempted`: whether the service has been asked at all.
 */
export function useSubmission(work: (values: FormData) => Promise<void>, options: SubmissionOptions = {}) {
  const [busy, setBusy] = useState(false);
  const [attempted, setAttempted] = useState(false);
  const [failure, setFailure] = useState(NOTHING);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [failure]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const values = new FormData(event.currentTarget);
    const fields = sentencesOf(options.check?.(values) ?? {});
    if (Object.keys(fields).length > 0) return setFailure({ fields, message: null });
    setAttempted(true);
    setBusy(true);
    try {
      await work(values);
      setFailure(NOTHING);
    } catch (error) {
      setFailure(
        error instanceof ReauthenticationCancelled
          ? NOTHING
          : placed(describeFailure(error, options.places), form.current),
      );
    } finally {
      setBusy(false);
    }
  };

  return { form, busy, attempted, failure, submit };
}

/** What is about a field that this form does not have goes above the form. */
function placed(failure: Failure, form: HTMLFormElement | null): Failure {
  const strays = Object.entries(failure.fields).filter(([name]) => !form?.elements.namedItem(name));
  if (strays.length === 0) return failure;
  const fields = Object.fromEntries(Object.entries(failure.fields).filter(([name]) => form?.elements.namedItem(name)));
  return { fields, message: failure.message ?? strays[0]![1] };
}

function sentencesOf(checks: Record<string, string | false | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(checks).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** What was typed, as text. */
export function text(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value : '';
}
