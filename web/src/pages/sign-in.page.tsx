import { useClient } from '@portcullis/client/react';
import { Button } from '../ui/button.js';
import { Field, PasswordField } from '../ui/field.js';
import { Notice } from '../ui/notice.js';
import { PageHeading } from '../ui/page.js';
import { Link } from '../ui/router.js';
import { text, useSubmission } from '../ui/use-submission.js';
import { signOutNotice } from '../words/reasons.js';
import { Gate } from './gate.js';
import { emailFault, type GateProps } from './gate-props.js';

export function SignInPage({ email, onEmail, reason }: GateProps) {
  const client = useClient();
  const { form, busy, failure, submit } = useSubmission(
    async (values) => {
      const remember = values.has('remember');
      await client.signIn({ email: text(values, 'email').trim(), password: text(values, 'password'), remember });
    },
    {
      check: (values) => ({
        email: emailFault(text(values, 'email')),
        password: text(values, 'password') === '' && 'Type your password.',
      }),
      places: { credentials_invalid: { field: 'password' } },
    },
  );
  const foot = (
    <>
      New here?{' '}
      <Link to="register" search={window.location.search}>
        Create an account
      </Link>
    </>
  );
  return (
    <Gate foot={foot}>
      {reason !== undefined && <SignedOut reason={reason} />}
      <PageHeading title="Sign in" />
      <form ref={form} className="form" noValidate onSubmit={submit}>
        {failure.message !== null && <Notice tone="danger">{failure.message}</Notice>}
        <Field
          label="E-mail address"
          name="email"
          type="email"
          autoComplete="username"
          autoFocus={email === ''}
          defaultValue={email}
          onChange={(event) => onEmail(event.target.value)}
          error={failure.fields.email}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          autoFocus={email !== ''}
          error={failure.fields.password}
        />
        <label className="choice">
          <input type="checkbox" name="remember" />
          <span>
            Keep me signed in
            <small>Only on a device of your own.</small>
          </span>
        </label>
        <Button look="primary" wide type="submit" busy={busy && 'Signing in…'}>
          Sign in
        </Button>
      </form>
    </Gate>
  );
}

function SignedOut({ reason }: { reason: string }) {
  const { tone, text } = signOutNotice(reason);
  return (
    <Notice tone={tone} urgent>
      {text}
    </Notice>
  );
}
