import type { RegisteredApplication } from '../applications/application-registry.service.js';
import { BUILT_IN_APPLICATION } from '../applications/applications.service.js';

/** An application as operators see it. Times are ISO 8601, UTC; lives and limits seconds, null: as configured. */
export interface ApplicationView extends Omit<
  RegisteredApplication,
  'name' | 'origins' | 'delivery' | 'permissions' | 'secrets' | 'createdAt'
> {
  name: string;
  builtIn: boolean;
  origins: string[];
  delivery: string[];
  permissions: string[];
  secrets: { id: string; createdAt: string; expiresAt: string | null }[];
  createdAt: string;
}

/** `origins`: those of the configuration, for the built-in one. */
export function toApplicationView(
  { secrets, ...row }: RegisteredApplication,
  origins: readonly string[] | null,
): ApplicationView {
  return {
    ...row,
    name: row.name ?? row.id,
    builtIn: row.id === BUILT_IN_APPLICATION,
    origins: [...(origins ?? row.origins)],
    delivery: [...row.delivery],
    permissions: [...row.permissions],
    secrets: secrets.map(({ id, createdAt, expiresAt }) => ({
      id,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt?.toISOString() ?? null,
    })),
    createdAt: row.createdAt.toISOString(),
  };
}
