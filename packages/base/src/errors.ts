/**
 * An error that a user can reach: it carries a stable code and says what happened, why, and what to do.
 * Programmer errors are plain `Error`s.
 */
export class SampanError extends Error {
  /** Stable, kebab-case; tests tie it to docs. */
  readonly code: string;
  /** What the reader can do about it; one sentence. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SampanError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
