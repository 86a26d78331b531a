/** Numbers the values of a node label: which topology domain each node is in. */
export class Topology {
  readonly key: string;
  /** By node slot; -1 without the label. */
  ids = new Int32Array(64).fill(-1);
  readonly #numbers = new Map<string, number>();

  constructor(key: string) {
    this.key = key;
  }

  set(slot: number, labels: Readonly<Record<string, string>> | undefined): void {
    if (slot >= this.ids.length) {
      const larger = new Int32Array(slot * 2).fill(-1);
      larger.set(this.ids);
      this.ids = larger;
    }
    const value = labels !== undefined && Object.hasOwn(labels, this.key) ? labels[this.key] : undefined;
    if (value === undefined) {
      this.ids[slot] = -1;
      return;
    }
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(value, number);
    }
    this.ids[slot] = number;
  }

  idOf(slot: number): number {
    return this.ids[slot] ?? -1;
  }

  /** Domains there ever were. */
  get size(): number {
    return this.#numbers.size;
  }
}
