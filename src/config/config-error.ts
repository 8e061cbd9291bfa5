/** One thing that is wrong with the configuration. Never holds the value: it may be a secret, or one typed in the wrong place. */
export interface ConfigFault {
  variable: string;
  /** What is wrong, and what to write instead. Completes the sentence "VARIABLE ...". */
  problem: string;
}

/** Lists every fault of the configuration at once, so that an operator mends them in one go. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(describe(faults));
    this.faults = faults;
  }
}

function describe(faults: readonly ConfigFault[]): string {
  const count = faults.length === 1 ? 'One setting has to be mended' : `${faults.length} settings have to be mended`;
  const lines = faults.map(({ variable, problem }) => `  ${variable} ${problem}`);
  return [`${count}:`, ...lines].join('\n');
}
