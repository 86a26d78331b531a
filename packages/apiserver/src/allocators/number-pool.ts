/** Why a number could not be had; `message` is upstream's. */
export class AllocationError extends Error {
  readonly code: 'allocated' | 'full' | 'not-in-range';

  constructor(code: AllocationError['code'], message: string) {
    super(message);
    this.name = 'AllocationError';
    this.code = code;
  }
}

export interface PoolOptions {
  /** How many numbers, counted from 0; at most 2^32. */
  readonly size: number;
  /** The first so many are handed out only when the rest is used up (KEP-3070, KEP-3668). */
  readonly reserved: number;
  /** Numbers that are never handed out and cannot be taken. */
  readonly excluded?: readonly number[];
  /** In [0, 1); where the search for a free number starts. */
  readonly random?: () => number;
}

/** Numbers from 0 in use, in memory. Nothing here blocks; all calls are cheap unless nearly all is in use. */
export class NumberPool {
  readonly #options: PoolOptions;
  readonly #excluded: ReadonlySet<number>;
  readonly #used = new Set<number>();
  readonly #random: () => number;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#excluded = new Set(options.excluded);
    this.#random = options.random ?? Math.random;
  }

  get free(): number {
    return this.#options.size - this.#excluded.size - this.#used.size;
  }

  contains(number: number): boolean {
    return number >= 0 && number < this.#options.size && !this.#excluded.has(number);
  }

  has(number: number): boolean {
    return this.#used.has(number);
  }

  /** True when the number was free and is now taken. */
  take(number: number): boolean {
    if (!this.contains(number) || this.#used.has(number)) return false;
    this.#used.add(number);
    return true;
  }

  /** Any free number, taken; undefined when there is none. */
  takeAny(): number | undefined {
    const { size, reserved } = this.#options;
    return this.#takeFrom(reserved, size) ?? this.#takeFrom(0, reserved);
  }

  /** May be called for a number that is free. */
  release(number: number): void {
    this.#used.delete(number);
  }

  clear(): void {
    this.#used.clear();
  }

  #takeFrom(low: number, high: number): number | undefined {
    const span = high - low;
    if (span <= 0 || this.free <= 0) return undefined;
    const start = Math.floor(this.#random() * span);
    for (let step = 0; step < span; step++) {
      const number = low + ((start + step) % span);
      if (this.take(number)) return number;
    }
    return undefined;
  }
}
