/** Times that were measured, in milliseconds. */
export function percentile(times: readonly number[], percent: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

/** The milliseconds that `task` takes. */
export async function timed(task: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await task();
  return performance.now() - began;
}

/** Prints what is measured beside its limits, and remembers whether all were kept. */
export class Verdicts {
  #missed = 0;

  get allMet(): boolean {
    return this.#missed === 0;
  }

  times(
    name: string,
    times: readonly number[],
    limits: { readonly p50?: number; readonly p99: number },
  ): void {
    const told = `p50 ${format(percentile(times, 50))} ms, p99 ${format(percentile(times, 99))} ms of ${times.length}`;
    const isMet =
      percentile(times, 99) <= limits.p99 &&
      percentile(times, 50) <= (limits.p50 ?? Number.POSITIVE_INFINITY);
    const wanted = `${limits.p50 === undefined ? '' : `p50 ≤ ${limits.p50} ms, `}p99 ≤ ${limits.p99} ms`;
    this.#row(name, told, wanted, isMet);
  }

  /** `limit` undefined: only told. */
  value(name: string, value: number, unit: string, limit?: number): void {
    if (limit === undefined) this.#row(name, `${format(value)} ${unit}`, '', true);
    else this.#row(name, `${format(value)} ${unit}`, `≤ ${limit} ${unit}`, value <= limit);
  }

  #row(name: string, told: string, wanted: string, isMet: boolean): void {
    if (!isMet) this.#missed++;
    const verdict = wanted === '' ? '' : `${wanted} ${isMet ? 'met' : 'NOT MET'}`;
    console.log(`${name.padEnd(44)} ${told.padEnd(40)} ${verdict}`.trimEnd());
  }
}

const format = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
