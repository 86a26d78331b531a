import type { Clock } from '@sampan/base';

/** A change that nobody has seen for so long will not be seen any more (controller.ExpectationsTimeout). */
export const EXPECTATIONS_TIMEOUT_MS = 5 * 60_000;

interface Expected {
  /** Creations that are on their way. */
  creating: number;
  /** What was seen made while creations were on their way: it may be one of them. */
  readonly seen: Set<string>;
  /** Uids that were made and not seen yet. */
  readonly made: Set<string>;
  /** Uids whose deletion was asked for and not seen yet. */
  readonly deleted: Set<string>;
  since: number;
}

/**
 * What a controller has done that its cache does not show yet, so that it does not do it again (kubernetes
 * ControllerExpectations; by uids instead of counts, since answers tell them).
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #expected = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Creates by `create`, which gives the new object's uid, or undefined when nothing was made. */
  async creation(key: string, create: () => Promise<string | undefined>): Promise<void> {
    const expected = this.#of(key);
    expected.creating++;
    let uid: string | undefined;
    try {
      uid = await create();
    } finally {
      expected.creating--;
      if (uid !== undefined && !expected.seen.delete(uid)) expected.made.add(uid);
      if (expected.creating === 0) expected.seen.clear();
      this.#tidy(key, expected);
    }
  }

  /** Call it before the deletion is asked for. */
  expectDeletion(key: string, uid: string): void {
    this.#of(key).deleted.add(uid);
  }

  /** The cache shows the object. */
  createdSeen(key: string, uid: string): void {
    const expected = this.#expected.get(key);
    if (!expected) return;
    if (!expected.made.delete(uid) && expected.creating > 0) expected.seen.add(uid);
    this.#tidy(key, expected);
  }

  /** The cache shows that the object goes or is gone; or its deletion was refused. */
  deletedSeen(key: string, uid: string): void {
    const expected = this.#expected.get(key);
    if (!expected) return;
    expected.deleted.delete(uid);
    expected.made.delete(uid);
    this.#tidy(key, expected);
  }

  /** The cache shows all that was done, or has had time enough to. */
  satisfied(key: string): boolean {
    return this.remainingMs(key) === 0;
  }

  /** How long at most what was done may still be unseen; 0 when nothing is awaited. */
  remainingMs(key: string): number {
    const expected = this.#expected.get(key);
    if (!expected) return 0;
    const remaining = expected.since + EXPECTATIONS_TIMEOUT_MS - this.#clock.monotonic();
    if (remaining > 0) return remaining;
    this.#expected.delete(key);
    return 0;
  }

  forget(key: string): void {
    this.#expected.delete(key);
  }

  #of(key: string): Expected {
    const expected = this.#expected.getOrInsertComputed(key, () => ({
      creating: 0,
      seen: new Set(),
      made: new Set(),
      deleted: new Set(),
      since: 0,
    }));
    expected.since = this.#clock.monotonic();
    return expected;
  }

  #tidy(key: string, expected: Expected): void {
    if (expected.creating + expected.made.size + expected.deleted.size > 0) return;
    if (this.#expected.get(key) === expected) this.#expected.delete(key);
  }
}
