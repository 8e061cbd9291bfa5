import { useClient, useSession } from '@portcullis/client/react';
import { Button } from '../ui/button.js';
import { Field } from '../ui/field.js';
import { Notice } from '../ui/notice.js';
import { PageHeading } from '../ui/page.js';
import { useToast } from '../ui/toast.js';
import { text, useSubmission } from '../ui/use-submission.js';

export function ProfilePage() {
  const client = useClient();
  const session = useSession();
  const toast = useToast();
  const user = session.state === 'signed_in' ? session.user : null;
  const { form, busy, failure, submit } = useSubmission(async (values) => {
    const name = text(values, 'name').trim();
    await client.request('/v1/users/me', { method: 'PATCH', body: { name: name === '' ? null : name } });
    // Brings the new name to all tabs. It is saved, whether that succeeds or not.
    await client.refresh().catch(() => undefined);
    toast('Your name is saved.');
  });
  return (
    <>
      <PageHeading title="Profile">What you are called, and the address you sign in with.</PageHeading>
      <div className="section card card-body">
        <form ref={form} className="form" noValidate onSubmit={submit}>
          {failure.message !== null && <Notice tone="danger">{failure.message}</Notice>}
          <Field
            label="Name"
            name="name"
            optional
            autoComplete="name"
            defaultValue={user?.name ?? ''}
            maxLength={100}
            error={failure.fields.name}
          />
          <Field label="E-mail address" name="email" type="email" readOnly value={user?.email ?? ''} />
          <div className="form-actions">
            <Button look="primary" type="submit" busy={busy && 'Saving…'}>
              Save
            </Button>
          </div>
        </form>
      </div>
    </>
  );
}
