import { useClient } from '@portcullis/client/react';
import { useCallback, useEffect, useState } from 'react';
import { Skeleton } from '../ui/skeleton.js';
import { Trouble } from '../ui/trouble.js';
import { isGate, type Route } from '../ui/router.js';
import { Gate } from '../pages/gate.js';
import { Shell } from './shell.js';

/** Until it is known who is signed in: the bones of the page that was asked for. */
export function Opening({ route }: { route: Route | null }) {
  const client = useClient();
  const [error, setError] = useState<unknown>();
  const open = useCallback(() => {
    setError(undefined);
    client.ready().catch(setError);
  }, [client]);

  useEffect(() => {
    open();
    window.addEventListener('online', open);
    return () => window.removeEventListener('online', open);
  }, [open]);

  if (error !== undefined) {
    return (
      <Shell route={route}>
        <h1 className="visually-hidden">Your account</h1>
        <Trouble title="Your account could not be opened" error={error} onRetry={open} />
      </Shell>
    );
  }
  if (route !== null && isGate(route)) return <Gate>{null}</Gate>;
  return (
    <Shell route={route}>
      <h1 className="visually-hidden">Your account</h1>
      <Skeleton label="Your account is being opened." rows={3} />
    </Shell>
  );
}
