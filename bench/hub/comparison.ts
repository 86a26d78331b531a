/** Prints figures of both registries beside the limits, and remembers whether all were kept. */
export class Comparison {
  #missed = 0;

  get allMet(): boolean {
    return this.#missed === 0;
  }

  /** Of several runs the middle one counts. `least`: how many times theirs ours must be. */
  rates(
    name: string,
    { ours, theirs }: { readonly ours: readonly number[]; readonly theirs: readonly number[] },
    unit: string,
    least: number,
  ): void {
    const ratio = middle(ours) / middle(theirs);
    const told = `${format(middle(ours))} ${unit}, distribution ${format(middle(theirs))} ${unit}`;
    this.#row(name, told, `${format(ratio)}×, ≥ ${least}×`, ratio >= least);
  }

  value(name: string, value: number, unit: string, most: number): void {
    this.#row(name, `${format(value)} ${unit}`, `≤ ${most} ${unit}`, value <= most);
  }

  #row(name: string, told: string, wanted: string, isMet: boolean): void {
    if (!isMet) this.#missed++;
    console.log(`${name.padEnd(40)} ${told.padEnd(48)} ${wanted} ${isMet ? 'met' : 'NOT MET'}`);
  }
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const format = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
