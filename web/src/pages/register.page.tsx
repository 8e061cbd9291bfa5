import { useClient } from '@portcullis/client/react';
import { useState } from 'react';
import { Button } from '../ui/button.js';
import { Field, PasswordField } from '../ui/field.js';
import { Notice } from '../ui/notice.js';
import { PageHeading } from '../ui/page.js';
import { Link } from '../ui/router.js';
import { text, useSubmission } from '../ui/use-submission.js';
import { Gate } from './gate.js';
import { emailFault, type GateProps } from './gate-props.js';

export function RegisterPage({ email, onEmail }: GateProps) {
  const client = useClient();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const { form, busy, failure, submit } = useSubmission(
    async (values) => {
      const name = text(values, 'name').trim();
      const email = text(values, 'email').trim();
      const user = await client.register({ email, password: text(values, 'password'), ...(name !== '' && { name }) });
      if (!user) setSentTo(email);
    },
    {
      check: (values) => ({
        email: emailFault(text(values, 'email')),
        password: text(values, 'password') === '' && 'Choose a password.',
      }),
      places: { email_taken: { field: 'email' } },
    },
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
      <form ref={form} className="form" noValidate onSubmit={submit}>
        {failure.message !== null && <Notice tone="danger">{failure.message}</Notice>}
        <Field label="Name" name="name" autoComplete="name" optional autoFocus error={failure.fields.name} />
        <Field
          label="E-mail address"
          name="email"
          type="email"
          autoComplete="username"
          defaultValue={email}
          onChange={(event) => onEmail(event.target.value)}
          error={failure.fields.email}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          hint="At least 8 characters. A few unrelated words are strong and easy to remember."
          error={failure.fields.password}
        />
        <Button look="primary" wide type="submit" busy={busy && 'Creating your account…'}>
          Create account
        </Button>
      </form>
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
