import type { DeliveryState } from './schema.ts';
import type { Answer } from './send.ts';

/** The first pause; it doubles. Milliseconds. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60 * 60_000;

/** A receiver that is away over a weekend gets all that happened. */
const GIVE_UP_MS = 3 * 24 * 60 * 60_000;

/** 410: the receiver says that it will never take this. */
const GONE = 410;

interface Tried {
  /** Before this try. */
  readonly attempts: number;
  /** When the first try was due, milliseconds since the epoch. */
  readonly begun: number;
}

interface Decision {
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When it is due again, milliseconds since the epoch; of no meaning when it is not pending. */
  readonly next: number;
}

/**
 * What becomes of a delivery after a try at `now`: any 2xx takes it; else it is tried again with growing pauses, at
 * least as long as the receiver asks for (`Retry-After`), for three days. `random`: 0 up to 1.
 */
export function decideDelivery(
  { attempts, begun }: Tried,
  answer: Answer,
  now: number,
  random: number,
): Decision {
  const done = { attempts: attempts + 1, next: now };
  if (isTaken(answer)) return { ...done, state: 'delivered' };
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20));
  // up to a quarter more, so that all that failed at once does not come back at once
  const asked = Math.min(answer.retryAfterMs ?? 0, LONGEST_PAUSE_MS);
  const next = now + Math.max(Math.round(pause * (1 + random / 4)), asked);
  if (answer.code === GONE || next - begun > GIVE_UP_MS) return { ...done, state: 'failed' };
  return { state: 'pending', attempts: attempts + 1, next };
}

export const isTaken = ({ code = 0 }: Answer): boolean => code >= 200 && code < 300;
