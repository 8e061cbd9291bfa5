import { useClient } from '@portcullis/client/react';
import { useState } from 'react';
import { Field } from '../ui/field.js';
import { PageHeading } from '../ui/page.js';
import { Link } from '../ui/router.js';
import { text, useSubmission } from '../ui/use-submission.js';
import { newPasswordFault } from '../words/new-password.js';
import { Gate } from './gate.js';
import { GateForm, gateFaults, gateValues } from './gate-form.js';
import type { GateProps } from './gate-props.js';

export function RegisterPage({ email, onEmail }: GateProps) {
  const client = useClient();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const submission = useSubmission(
    async (values) => {
      const name = text(values, 'name').trim();
      const account = gateValues(values);
      const user = await client.register({ ...account, ...(name !== '' && { name }) });
      if (!user) setSentTo(account.email);
    },
    { check: (values) => gateFaults(values, newPasswordFault), places: { email_taken: { field: 'email' } } },
  );
  const signIn = (
    <Link to="sign-in" search={window.location.search}>
      Sign in
    </Link>
  );
  if (sentTo !== null) return <CheckInbox email={sentTo} />;
  return (
    <Gate foot={<>Already have an account? {signIn}</>}>
      <PageHeading title="Create your account" />
      <GateForm
        {...{ submission, email, onEmail }}
        above={
          <Field
            label="Name"
            name="name"
            autoComplete="name"
            optional
            autoFocus
            error={submission.failure.fields.name}
          />
        }
        password={{
          autoComplete: 'new-password',
          hint: 'At least 8 characters. A few unrelated words are strong and easy to remember.',
        }}
        action="Create account"
        busy="Creating your account…"
      />
    </Gate>
  );
}

/** Where the service wants to know first that the address is theirs. */
function CheckInbox({ email }: { email: string }) {
  return (
    <Gate foot={<Link to="sign-in">Go to the sign-in</Link>}>
      <PageHeading title="Check your inbox">
        We have sent a message to {email}. Open the link in it, then sign in.
      </PageHeading>
    </Gate>
  );
}
