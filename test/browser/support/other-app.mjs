// Another application: nothing of the account pages but what `@portcullis/client/react` gives to anybody.
import { createClient } from '@portcullis/client';
import {
  PortcullisProvider,
  TimeOutDialog,
  useDevices,
  useReauthentication,
  useSession,
} from '@portcullis/client/react';
import '@portcullis/client/react/time-out-dialog.css';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

/** That of every account of the tests. */
const PASSWORD = 'analytical engine 1843';

const client = createClient({ baseUrl: location.origin });
window.client = client;
client.ready();

function App() {
  const session = useSession();
  if (session.state === 'unknown') return 'One moment …';
  return session.state === 'anonymous' ? `Out: ${session.reason ?? 'nobody yet'}` : createElement(Devices);
}

function Devices() {
  const { devices, end } = useDevices();
  const { asked, run, confirm } = useReauthentication();
  if (asked) return createElement('button', { onClick: () => confirm(PASSWORD) }, 'It is still me');
  return (devices ?? []).map(({ id, name, current }) =>
    createElement('button', { key: id, onClick: () => run(() => end(id)) }, `${current ? 'Here' : 'There'}: ${name}`),
  );
}

createRoot(document.getElementById('root')).render(
  createElement(PortcullisProvider, { client }, createElement(App), createElement(TimeOutDialog)),
);
