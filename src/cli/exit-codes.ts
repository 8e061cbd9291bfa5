/** What a command ends with. docs/operations.md has the same table. */
export const EXIT = {
  /** Done, or nothing wrong found. */
  done: 0,
  /** Refused, with a sentence; or the doctor found a fault, or the token is not accepted. Nothing was changed. */
  refused: 1,
  /** The command was not written as it has to be. Nothing was done. */
  usage: 2,
  /** The configuration is wrong, or the database cannot be reached or lacks migrations. */
  unavailable: 3,
  /** It is done, but `--wait` ended before every instance had it. */
  notEverywhere: 4,
  /** A fault of the program; what happened is printed. */
  defect: 70,
} as const;
