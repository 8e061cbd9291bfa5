import type { Delivery } from './delivery.js';

/** What the back end of an application may be allowed besides following the deny-list. */
export const PERMISSIONS = ['sessions'] as const;

/** `sessions`: list and end the sessions of people. */
export type Permission = (typeof PERMISSIONS)[number];

/** How long its sessions and tokens live, in seconds; null: as the service is configured. */
export interface ApplicationLimits {
  accessTokenTtl: number | null;
  sessionIdle: number | null;
  sessionMax: number | null;
  sessionIdleRemembered: number | null;
  sessionMaxRemembered: number | null;
}

/** An application as its row says. */
export interface KnownApplication extends ApplicationLimits {
  id: string;
  name: string;
  audience: string;
  /** Of its front ends. */
  origins: readonly string[];
  delivery: readonly Delivery[];
  permissions: readonly Permission[];
  enabled: boolean;
  createdAt: Date;
}
