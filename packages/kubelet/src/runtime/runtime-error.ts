/** Why a call failed, as far as callers act on it. */
export type RuntimeErrorKind =
  | 'not-found'
  | 'already-exists'
  | 'invalid'
  | 'unavailable'
  | 'timeout'
  | 'canceled'
  | 'other';

/** A call of the runtime failed; `message` is the runtime's own. */
export class RuntimeError extends Error {
  readonly kind: RuntimeErrorKind;

  constructor(kind: RuntimeErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RuntimeError';
    this.kind = kind;
  }
}

export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof RuntimeError && thrown.kind === 'not-found';
}
