import type { ComponentProps, ReactNode } from 'react';
import { Button } from '../ui/button.js';
import { Field, PasswordField } from '../ui/field.js';
import { Notice } from '../ui/notice.js';
import { text, type useSubmission } from '../ui/use-submission.js';
import type { GateProps } from './gate-props.js';

interface GateFormProps extends Pick<GateProps, 'email' | 'onEmail'> {
  submission: ReturnType<typeof useSubmission>;
  autoFocusEmail?: boolean;
  password: Omit<ComponentProps<typeof PasswordField>, 'label' | 'name' | 'error'>;
  /** What the button says, and what it says meanwhile. */
  action: string;
  busy: string;
  /** Fields above the address, and below the password. */
  above?: ReactNode;
  below?: ReactNode;
}

/** The form of the sign-in and of the registration: an address, a password, and what each has besides. */
export function GateForm({ submission, email, onEmail, autoFocusEmail = false, ...props }: GateFormProps) {
  const { form, failure, submit } = submission;
  return (
    <form ref={form} className="form" noValidate onSubmit={submit}>
      {failure.message !== null && (
        <Notice tone="danger">
          {failure.message}
          {failure.serviceUrl !== undefined && <ThisPageAt serviceUrl={failure.serviceUrl} />}
        </Notice>
      )}
      {props.above}
      <Field
        label="E-mail address"
        name="email"
        type="email"
        autoComplete="username"
        autoFocus={autoFocusEmail}
        defaultValue={email}
        onChange={(event) => onEmail(event.target.value)}
        error={failure.fields.email}
      />
      <PasswordField label="Password" name="password" error={failure.fields.password} {...props.password} />
      {props.below}
      <Button look="primary" wide type="submit" busy={submission.busy && props.busy}>
        {props.action}
      </Button>
    </form>
  );
}

function ThisPageAt({ serviceUrl }: { serviceUrl: string }) {
  const { pathname, search } = window.location;
  return (
    <p>
      <a href={serviceUrl + pathname + search}>Open this page there</a>
    </p>
  );
}

/** What was typed into it. */
export function gateValues(values: FormData): { email: string; password: string } {
  return { email: text(values, 'email').trim(), password: text(values, 'password') };
}

/** What can be told of it without asking the service. */
export function gateFaults(
  values: FormData,
  passwordFault: (password: string) => string | false,
): Record<'email' | 'password', string | false> {
  const { email, password } = gateValues(values);
  return { email: emailFault(email), password: passwordFault(password) };
}

/** Only what is surely no address: the service judges the rest. */
function emailFault(email: string): string | false {
  if (email === '') return 'Type your e-mail address.';
  return (
    !/^[^\s@]+@[^\s@]+[.\u3002\uff0e\uff61][^\s@]+$/.test(email) && 'Type an e-mail address, such as ada@example.com.'
  );
}
