/** The table that is printed, and what decides about the exit code. */

/** Rates a second; times in milliseconds. */
export interface Figures {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

export class Report {
  readonly #missed: string[] = [];

  get missed(): readonly string[] {
    return this.#missed;
  }

  head(): void {
    row('', ['upstream/s', 'p50 ms', 'p99 ms', 'Sampan/s', 'p50 ms', 'p99 ms', 'ratio'], 'floor');
  }

  /** One workload of both; `floor` is the least ratio of the rates. */
  compare(name: string, upstream: Figures, sampan: Figures, floor: number): void {
    const ratio = sampan.rate / upstream.rate;
    const cells = [upstream, sampan].flatMap(({ rate, p50, p99 }) => [rate, p50, p99].map(number));
    row(name, [...cells, `${ratio.toFixed(2)}×`], this.#verdict(name, ratio >= floor, `≥ ${floor}×`));
  }

  /** One quantity of which less is better; `limit` undefined: only told. */
  measure(name: string, upstream: number | undefined, sampan: number, unit: string, limit?: number): void {
    const told = upstream === undefined ? '' : `upstream ${number(upstream)} ${unit}, `;
    const text = `${told}Sampan ${number(sampan)} ${unit}`;
    const verdict =
      limit === undefined ? '' : this.#verdict(name, sampan <= limit, `≤ ${number(limit)} ${unit}`);
    console.log(`${name.padEnd(34)} ${text.padEnd(50)} ${verdict}`);
  }

  #verdict(name: string, met: boolean, floor: string): string {
    if (!met) this.#missed.push(`${name} (${floor})`);
    return `${floor} ${met ? 'met' : 'NOT MET'}`;
  }
}

function row(name: string, cells: readonly string[], verdict: string): void {
  console.log(`${name.padEnd(10)}${cells.map((cell) => cell.padStart(11)).join('')}   ${verdict}`);
}

function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });
}
