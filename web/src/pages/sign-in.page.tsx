import { useClient } from '@portcullis/client/react';
import { Notice } from '../ui/notice.js';
import { PageHeading } from '../ui/page.js';
import { Link } from '../ui/router.js';
import { useSubmission } from '../ui/use-submission.js';
import { signOutNotice } from '../words/reasons.js';
import { Gate } from './gate.js';
import { GateForm, gateFaults, gateValues } from './gate-form.js';
import type { GateProps } from './gate-props.js';

export function SignInPage({ email, onEmail, reason }: GateProps) {
  const client = useClient();
  const submission = useSubmission(
    async (values) => {
      await client.signIn({ ...gateValues(values), remember: values.has('remember') });
    },
    {
      check: (values) => gateFaults(values, (password) => password === '' && 'Type your password.'),
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
      {reason !== undefined && !submission.attempted && <SignedOut reason={reason} />}
      <PageHeading title="Sign in" />
      <GateForm
        {...{ submission, email, onEmail }}
        autoFocusEmail={email === ''}
        password={{ autoComplete: 'current-password', autoFocus: email !== '' }}
        action="Sign in"
        busy="Signing in…"
        below={<Remember />}
      />
    </Gate>
  );
}

function Remember() {
  return (
    <label className="choice">
      <input type="checkbox" name="remember" />
      <span>
        Keep me signed in
        <small>Only on a device of your own.</small>
      </span>
    </label>
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
