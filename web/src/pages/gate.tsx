import type { ReactNode } from 'react';
import { Mark } from '../ui/icons.js';

/** What stands around the sign-in and the registration. */
export function Gate({ children, foot }: { children: ReactNode; foot?: ReactNode }) {
  return (
    <div className="gate">
      <div className="gate-inner">
        <header className="gate-brand">
          <span className="brand">
            <Mark />
            Portcullis
          </span>
        </header>
        <main>
          {children !== null && <div className="card">{children}</div>}
          {foot !== undefined && <p className="gate-foot">{foot}</p>}
        </main>
      </div>
    </div>
  );
}
