/** Codes that only the command line has; the others are those of the API. docs/operations.md has the same table. */
export const OWN_CODES = ['usage', 'input', 'set_up'] as const;

export type OwnCode = (typeof OWN_CODES)[number];
