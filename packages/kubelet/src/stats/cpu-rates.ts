/** How much CPU time something had used when. */
export interface CpuSample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cpuNanoseconds: number;
}

export interface CpuRate {
  /** Billionths of a core. */
  readonly nanoCores: number;
  /** Over how long, in milliseconds. */
  readonly windowMs: number;
}

/** Older samples say little of now. */
const OLDEST_MS = 90_000;
/** The kernel's counters are not finer than that. */
const SHORTEST_MS = 100;

/** Rates from samples: of each thing the one before is kept, by whatever key. */
export class CpuRates {
  #previous = new Map<string, CpuSample>();

  /** Whether a sample taken now would give a rate. */
  knows(key: string, now: number): boolean {
    const previous = this.#previous.get(key);
    const age = now - (previous?.at ?? Number.NEGATIVE_INFINITY);
    return age <= OLDEST_MS && age >= SHORTEST_MS;
  }

  /** Keeps samples of things that have no usable one yet. */
  seed(samples: ReadonlyMap<string, CpuSample>): void {
    for (const [key, sample] of samples) if (!this.knows(key, sample.at)) this.#previous.set(key, sample);
  }

  /** Rates since the samples before; these take their place, and what is not among them is forgotten. */
  take(samples: ReadonlyMap<string, CpuSample>): Map<string, CpuRate> {
    const rates = new Map<string, CpuRate>();
    for (const [key, { at, cpuNanoseconds }] of samples) {
      const previous = this.#previous.get(key);
      // a counter that went back is another thing's
      if (!previous || !this.knows(key, at) || cpuNanoseconds < previous.cpuNanoseconds) continue;
      const windowMs = at - previous.at;
      rates.set(key, {
        nanoCores: Math.round(((cpuNanoseconds - previous.cpuNanoseconds) / windowMs) * 1000),
        windowMs,
      });
    }
    this.#previous = new Map(samples);
    return rates;
  }
}
