import { TimeOutDialog, useClientEvent, useSession } from '@portcullis/client/react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Opening } from './account/opening.js';
import { ReauthenticationProvider } from './account/reauthentication.js';
import { Shell } from './account/shell.js';
import { ActivityPage } from './pages/activity.page.js';
import { DevicesPage } from './pages/devices.page.js';
import { NotFoundPage } from './pages/not-found.page.js';
import { ProfilePage } from './pages/profile.page.js';
import { RegisterPage } from './pages/register.page.js';
import { SecurityPage } from './pages/security.page.js';
import { SignInPage } from './pages/sign-in.page.js';
import { destination, isGate, Redirect, useRoute, type Route } from './ui/router.js';
import { useToast } from './ui/toast.js';
import { mayComeBack } from './words/reasons.js';

const PAGES: Record<Exclude<Route, 'sign-in' | 'register'>, ReactNode> = {
  devices: <DevicesPage />,
  security: <SecurityPage />,
  activity: <ActivityPage />,
  profile: <ProfilePage />,
};

const TIME_OUT_CLASSES = {
  dialog: 'dialog dialog-above',
  countdown: 'countdown',
  actions: 'dialog-actions',
  button: 'button',
  primaryButton: 'button button-primary',
  notice: 'field-error',
  visuallyHidden: 'visually-hidden',
};

export function App() {
  const session = useSession();
  const route = useRoute();
  const lastEmail = useRef('');
  useEffect(() => {
    if (session.state === 'signed_in') lastEmail.current = session.user.email;
  }, [session]);
  if (session.state === 'unknown') return <Opening route={route} />;
  if (session.state === 'anonymous') {
    const { reason } = session;
    return <SignedOutPages {...{ route, reason }} knownEmail={mayComeBack(reason) ? lastEmail.current : ''} />;
  }
  // Whatever was loaded, typed or opened belongs to one person: another one starts anew.
  return <SignedInPages key={session.user.id} route={route} />;
}

interface SignedOutProps {
  route: Route | null;
  reason: string | undefined;
  /** Of who was signed in here until now; empty for nobody. */
  knownEmail: string;
}

function SignedOutPages({ route, reason, knownEmail }: SignedOutProps) {
  const [email, setEmail] = useState(knownEmail);
  const gate = { email, onEmail: setEmail, reason };
  if (route === 'register') return <RegisterPage {...gate} />;
  if (route === 'sign-in') return <SignInPage {...gate} />;
  return <Redirect to="sign-in" search={route === null || route === 'devices' ? '' : `?to=${route}`} />;
}

function SignedInPages({ route }: { route: Route | null }) {
  const toast = useToast();
  useClientEvent('userChanged', ({ to }) => toast(`You are now signed in as ${to.name ?? to.email}.`));
  if (route !== null && isGate(route)) return <Redirect to={destination()} />;
  return (
    <ReauthenticationProvider>
      <Shell route={route}>{route === null ? <NotFoundPage /> : PAGES[route as keyof typeof PAGES]}</Shell>
      <TimeOutDialog classes={TIME_OUT_CLASSES} />
    </ReauthenticationProvider>
  );
}
