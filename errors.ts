/** Exit codes of the command line, by what went wrong. See README, "Exit codes". */
export const EXIT = { ok: 0, gate: 1, usage: 2, instrument: 3, incomplete: 4, interrupted: 130 } as const;

export interface ExpectedErrorDetails {
  /** A stable, machine-readable name, such as `suite-unknown-key`. */
  readonly code: string;
  /** What is wrong, with the offending value. */
  readonly message: string;
  /** Where: file, line, column, key, item. */
  readonly where?: string;
  /** What to do next. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** The exit code that the command line ends with; wrong usage unless said otherwise. */
  readonly exit?: number;
}

/** A failure that was foreseen: shown as what, where and what to do, without a stack trace. */
export class ExpectedError extends Error {
  readonly code: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  readonly exit: number;

  constructor(details: ExpectedErrorDetails) {
    super(details.message, { cause: details.cause });
    this.name = "ExpectedError";
    this.code = details.code;
    this.where = details.where;
    this.hint = details.hint;
    this.exit = details.exit ?? EXIT.usage;
  }
}
