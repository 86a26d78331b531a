import { setTimeout as sleep } from 'node:timers/promises';
import { RegistryAnswerError, UnreachableError } from '../errors.ts';

const TRIES = 5;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 20_000;
/** Answers that another try may change (RFC 9110, section 15.6; 429: RFC 6585). */
const PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** When the server said how long to wait: milliseconds from now. RFC 9110, section 10.2.3. */
export function retryAfterMs(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), LONGEST_PAUSE_MS) : undefined;
}

export const isPassing = (status: number): boolean => PASSING.has(status);

/** An answer that may be another one next time. */
export class PassingError extends RegistryAnswerError {
  /** How long the registry asks to wait; undefined: it does not say. */
  readonly afterMs: number | undefined;

  constructor(error: RegistryAnswerError, afterMs: number | undefined) {
    const { code, message, status, codes, hint } = error;
    super(code, message, { status, codes, ...(hint === undefined ? {} : { hint }) });
    this.afterMs = afterMs;
  }
}

/**
 * Tries again what failed by the network, or by an answer that may pass, with growing pauses. `progress`: a number that
 * grows with the work that is done; tries are counted anew when it grew.
 */
export async function withRetries<T>(
  attempt: (tried: number) => Promise<T>,
  progress: () => number = () => 0,
): Promise<T> {
  let best = progress();
  for (let tried = 0, inRow = 0; ; tried++) {
    try {
      return await attempt(tried);
    } catch (error) {
      const reached = progress();
      inRow = reached > best ? 1 : inRow + 1;
      best = Math.max(best, reached);
      const mayPass = error instanceof PassingError || (error instanceof UnreachableError && error.passing);
      if (!mayPass || inRow >= TRIES) throw error;
      const usual = FIRST_PAUSE_MS * 2 ** (inRow - 1) * (0.5 + Math.random());
      await sleep(error instanceof PassingError ? (error.afterMs ?? usual) : usual);
    }
  }
}
