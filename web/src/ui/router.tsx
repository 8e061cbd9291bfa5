import { useEffect, useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from 'react';

export const ROUTES = ['devices', 'security', 'activity', 'profile', 'sign-in', 'register'] as const;
export type Route = (typeof ROUTES)[number];

/** `/account/`, or wherever the pages were built for. */
const BASE = import.meta.env.BASE_URL;

const MOVED = 'portcullis:moved';

/** The devices are the front page. */
export function pathOf(route: Route): string {
  return route === 'devices' ? BASE : `${BASE}${route}`;
}

/** Null for a path that is none of ours. */
export function routeOf(path: string): Route | null {
  const name = path
    .replace(/\/+$/, '')
    .slice(BASE.length - 1)
    .replace(/^\//, '');
  if (name === '') return 'devices';
  return ROUTES.find((route) => route === name) ?? null;
}

/** Where a signed-out person was going, so that signing in leads there: one of our own pages, never another address. */
export function destination(search = window.location.search): Route {
  const wanted = routeOf(BASE + (new URLSearchParams(search).get('to') ?? ''));
  return wanted && !isGate(wanted) ? wanted : 'devices';
}

/** The pages for people who are not signed in. */
export function isGate(route: Route): boolean {
  return route === 'sign-in' || route === 'register';
}

export function navigate(route: Route, { replace = false, search = '' } = {}): void {
  const url = pathOf(route) + search;
  if (replace) window.history.replaceState(null, '', url);
  else window.history.pushState(null, '', url);
  window.dispatchEvent(new Event(MOVED));
}

export function useRoute(): Route | null {
  const path = useSyncExternalStore(subscribe, () => window.location.pathname);
  return routeOf(path);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('popstate', listener);
  window.addEventListener(MOVED, listener);
  return () => {
    window.removeEventListener('popstate', listener);
    window.removeEventListener(MOVED, listener);
  };
}

type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & { to: Route; search?: string };

/** A link between the pages; opened elsewhere (new tab, download) it is an ordinary link. */
export function Link({ to, search = '', onClick, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const elsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;
    if (event.defaultPrevented || elsewhere) return;
    event.preventDefault();
    navigate(to, { search });
    window.scrollTo(0, 0);
  };
  return <a {...rest} href={pathOf(to) + search} onClick={follow} />;
}

/** Whoever asks for a page that needs a sign-in, or for the sign-in while signed in, is led to the other one. */
export function Redirect({ to, search = '' }: { to: Route; search?: string }) {
  useEffect(() => navigate(to, { replace: true, search }), [to, search]);
  return null;
}
