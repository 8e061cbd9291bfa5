import { useClient, useSession } from '@portcullis/client/react';
import type { ReactNode } from 'react';
import { Button } from '../ui/button.js';
import { ActivityIcon, DevicesIcon, Mark, OfflineIcon, PersonIcon, ShieldIcon, SignOutIcon } from '../ui/icons.js';
import { Link, type Route } from '../ui/router.js';
import { useOnline } from '../ui/use-online.js';

const TABS = [
  { route: 'devices', label: 'Devices', Icon: DevicesIcon },
  { route: 'security', label: 'Security', Icon: ShieldIcon },
  { route: 'activity', label: 'Activity', Icon: ActivityIcon },
  { route: 'profile', label: 'Profile', Icon: PersonIcon },
] as const;

/** What stands around every page of a signed-in person. */
export function Shell({ route, children }: { route: Route | null; children: ReactNode }) {
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <OfflineBanner />
      <TopBar />
      <div className="body">
        <nav aria-label="Account">
          <ul className="tabs">
            {TABS.map(({ route: to, label, Icon }) => (
              <li key={to}>
                <Link to={to} className="tab" aria-current={to === route ? 'page' : undefined}>
                  <Icon />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <main id="main" className="page" tabIndex={-1}>
          {children}
        </main>
      </div>
    </>
  );
}

function TopBar() {
  const client = useClient();
  const session = useSession();
  const user = session.state === 'signed_in' ? session.user : null;
  return (
    <header className="top">
      <div className="top-row">
        <Link to="devices" className="brand">
          <Mark />
          <span>Portcullis</span>
        </Link>
        {user && (
          <>
            <span className="who">{user.name ?? user.email}</span>
            <Button small onClick={() => void client.signOut()}>
              <SignOutIcon />
              Sign out
            </Button>
          </>
        )}
      </div>
    </header>
  );
}

function OfflineBanner() {
  const online = useOnline();
  return (
    <div role="status">
      {!online && (
        <p className="banner">
          <OfflineIcon />
          You are offline. What you see may be out of date.
        </p>
      )}
    </div>
  );
}
