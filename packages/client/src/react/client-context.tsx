import { createContext, useContext, useEffect, useLayoutEffect, useRef, type ReactNode } from 'react';
import type { Client } from '../client.js';
import type { ClientEvents } from '../client-events.js';

const ClientContext = createContext<Client | null>(null);

/** Gives the client to every hook below it. Make the client once, outside of any component. */
export function PortcullisProvider({ client, children }: { client: Client; children: ReactNode }) {
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}

/** Throws outside of a `PortcullisProvider`. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error('There is no <PortcullisProvider> above this component.');
  return client;
}

/** Runs the handler of the last render at each event of the client. */
export function useClientEvent<Name extends keyof ClientEvents>(
  name: Name,
  handler: (event: ClientEvents[Name]) => void,
): void {
  const client = useClient();
  const latest = useRef(handler);
  useLayoutEffect(() => {
    latest.current = handler;
  });
  useEffect(() => client.on(name, (event) => latest.current(event)), [client, name]);
}
