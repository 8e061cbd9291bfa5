export interface GateProps {
  /** The address typed so far: it goes along between signing in and registering. */
  email: string;
  onEmail: (email: string) => void;
  /** Why the person is signed out; undefined for somebody who was not signed in. */
  reason?: string | undefined;
}
