/** A set of indexes as ordered, separate intervals: what `completedIndexes` writes as `0,2-4`. Immutable. */
export class Intervals {
  static readonly NONE = new Intervals([]);
  readonly #parts: readonly (readonly [number, number])[];

  constructor(parts: readonly (readonly [number, number])[]) {
    this.#parts = parts;
  }

  /** Leaves out what cannot be read and what is not below `completions`. */
  static parse(text: string | undefined, completions: number): Intervals {
    const parts: [number, number][] = [];
    for (const part of (text ?? '').split(',')) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part);
      if (!match) continue;
      const first = Number(match[1]);
      const last = Math.min(match[2] === undefined ? first : Number(match[2]), completions - 1);
      if (first < completions) parts.push([first, last]);
    }
    return merged(parts);
  }

  static of(indexes: Iterable<number>): Intervals {
    return merged([...indexes].sort((a, b) => a - b).map((index) => [index, index]));
  }

  get size(): number {
    return this.#parts.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  has(index: number): boolean {
    let low = 0;
    let high = this.#parts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#parts[middle]?.[1] ?? 0) >= index) high = middle;
      else low = middle + 1;
    }
    const found = this.#parts[low];
    return found !== undefined && found[0] <= index;
  }

  with(other: Intervals): Intervals {
    if (other.#parts.length === 0) return this;
    return merged([...this.#parts, ...other.#parts].sort(([a], [b]) => a - b));
  }

  /** How many indexes are in both. */
  overlap(other: Intervals): number {
    let count = 0;
    let i = 0;
    let j = 0;
    for (;;) {
      const [a, b] = [this.#parts[i], other.#parts[j]];
      if (!a || !b) return count;
      count += Math.max(0, Math.min(a[1], b[1]) - Math.max(a[0], b[0]) + 1);
      if (a[1] <= b[1]) i++;
      if (a[1] >= b[1]) j++;
    }
  }

  /** The first `count` indexes below `end` that are not in the set. */
  firstMissing(count: number, end: number): number[] {
    const missing: number[] = [];
    let candidate = 0;
    for (const [first, last] of [...this.#parts, [end, end] as const]) {
      for (; candidate < Math.min(first, end) && missing.length < count; candidate++) missing.push(candidate);
      candidate = Math.max(candidate, last + 1);
    }
    return missing;
  }

  toString(): string {
    return this.#parts
      .map(([first, last]) =>
        first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`,
      )
      .join(',');
  }
}

/** `parts` in order of their beginnings. */
function merged(parts: readonly (readonly [number, number])[]): Intervals {
  const result: [number, number][] = [];
  for (const [first, last] of parts) {
    const previous = result.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else result.push([first, last]);
  }
  return new Intervals(result);
}
