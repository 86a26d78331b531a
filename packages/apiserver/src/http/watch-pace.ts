/**
 * Paces what many watchers are told: a write costs a system call and a TLS record for each of them, so that with a
 * hundred watchers the server would do nothing else while changes come by the thousand. The first batch after a quiet
 * while is written at once; those that follow wait, the longer the more watchers there are, and are written together.
 */
import type { StreamEvent } from '../registry/watch.ts';

type Batch = readonly StreamEvent[];

/** Several times what one write costs, so that telling watchers takes a small part of the time. */
const PAUSE_PER_WATCHER_MS = 0.1;
/** Nobody waits longer than this for an event. */
const LONGEST_PAUSE_MS = 10;

export interface Outlet {
  /** Writes now or a few milliseconds later, in order. */
  send(batch: Batch): void;
  /** Writes what waits; later batches must not be sent. May be called twice. */
  close(): void;
}

const open = new Set<PacedOutlet>();
const waiting = new Set<PacedOutlet>();
let scheduled = false;

/** `write` is called with the batches that go out together, at least one. */
export function openOutlet(write: (batches: readonly Batch[]) => void): Outlet {
  const outlet = new PacedOutlet(write);
  open.add(outlet);
  return outlet;
}

class PacedOutlet implements Outlet {
  readonly #write: (batches: readonly Batch[]) => void;
  #batches: Batch[] = [];
  #written = Number.NEGATIVE_INFINITY;

  constructor(write: (batches: readonly Batch[]) => void) {
    this.#write = write;
  }

  send(batch: Batch): void {
    const pause = Math.min(LONGEST_PAUSE_MS, open.size * PAUSE_PER_WATCHER_MS);
    this.#batches.push(batch);
    // a timer cannot wait less than a millisecond
    if (pause < 1 || (this.#batches.length === 1 && performance.now() - this.#written >= pause)) {
      this.flush();
      return;
    }
    waiting.add(this);
    if (scheduled) return;
    scheduled = true;
    setTimeout(flushAll, pause);
  }

  flush(): void {
    if (this.#batches.length === 0) return;
    const batches = this.#batches;
    this.#batches = [];
    this.#written = performance.now();
    this.#write(batches);
  }

  close(): void {
    open.delete(this);
    waiting.delete(this);
    this.flush();
  }
}

function flushAll(): void {
  scheduled = false;
  const due = [...waiting];
  waiting.clear();
  for (const outlet of due) outlet.flush();
}
