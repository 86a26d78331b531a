import type { Clock } from '@sampan/base';
import type { ChangeLog } from './change-log.ts';

/** How much history a store keeps; whichever is reached first. */
export interface CompactionPolicy {
  /** Age of the oldest change in milliseconds; default 300,000 (5 minutes), as etcd under kube-apiserver. */
  readonly keepMs: number;
  /** Number of changes; default 10,000. */
  readonly keepChanges: number;
  /** Sum of the bytes of replaced versions; default 64 MiB. */
  readonly keepBytes: number;
}

export const defaultCompaction: CompactionPolicy = {
  keepMs: 5 * 60_000,
  keepChanges: 10_000,
  keepBytes: 64 << 20,
};

/** The revision to compact at because there are too many changes; undefined: there are not. */
export function dueBySize(log: ChangeLog, policy: CompactionPolicy): number | undefined {
  const count = log.revisionBefore(policy.keepChanges);
  const bytes = log.revisionBeyond(policy.keepBytes);
  return count === undefined ? bytes : Math.max(count, bytes ?? 0);
}

/** The revision to compact at because changes are too old; undefined: none is. */
export function dueByAge(log: ChangeLog, policy: CompactionPolicy): number | undefined {
  return log.revisionOlder(policy.keepMs);
}

/** One timer that is armed only while there is something to wait for. */
export class Alarm {
  readonly #clock: Clock;
  readonly #task: () => void;
  #cancel: (() => void) | undefined;
  #due = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, task: () => void) {
    this.#clock = clock;
    this.#task = task;
  }

  /** Rings after `ms` unless it rings earlier anyway. */
  arm(ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    const due = this.#clock.monotonic() + ms;
    if (this.#cancel && this.#due <= due) return;
    this.disarm();
    this.#due = due;
    this.#cancel = this.#clock.schedule(() => {
      this.#cancel = undefined;
      this.#task();
    }, ms);
  }

  disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
