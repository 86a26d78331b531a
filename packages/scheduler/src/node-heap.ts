/** The feasible nodes of a class by score, the best first; equal scores by slot. */
export class NodeHeap {
  readonly #scores: Float64Array;
  readonly #heap: number[] = [];
  readonly #places: Int32Array;

  /** `scores`: by slot; the heap is told of changes by `update`. */
  constructor(scores: Float64Array) {
    this.#scores = scores;
    this.#places = new Int32Array(scores.length).fill(-1);
  }

  get best(): number | undefined {
    return this.#heap[0];
  }

  /** The slot is feasible, with a score that may be new. */
  update(slot: number): void {
    let place = this.#places[slot] ?? -1;
    if (place < 0) {
      place = this.#heap.length;
      this.#heap.push(slot);
      this.#places[slot] = place;
    }
    this.#down(this.#up(place));
  }

  remove(slot: number): void {
    const place = this.#places[slot] ?? -1;
    if (place < 0) return;
    this.#places[slot] = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === slot) return;
    this.#put(place, last);
    this.#down(this.#up(place));
  }

  /**
   * The best slot that is good; undefined when none of the first `most` is, though a later one may be. Good slots
   * mostly come early: pods that are kept apart make the nodes they are on worse, too.
   */
  first(isGood: (slot: number) => boolean, most: number): number | undefined {
    // places whose parents were all looked at
    const open = this.#heap.length > 0 ? [0] : [];
    for (let looks = 0; looks < most && open.length > 0; looks++) {
      let at = 0;
      for (let i = 1; i < open.length; i++)
        if (this.#before(this.#heap[open[i] ?? 0] ?? 0, this.#heap[open[at] ?? 0] ?? 0)) at = i;
      const place = open[at] ?? 0;
      const slot = this.#heap[place] ?? 0;
      if (isGood(slot)) return slot;
      const child = place * 2 + 1;
      open.splice(at, 1);
      if (child < this.#heap.length) open.push(child);
      if (child + 1 < this.#heap.length) open.push(child + 1);
    }
    return undefined;
  }

  slots(): readonly number[] {
    return this.#heap;
  }

  #before(a: number, b: number): boolean {
    const left = this.#scores[a] ?? 0;
    const right = this.#scores[b] ?? 0;
    return left > right || (left === right && a < b);
  }

  #put(place: number, slot: number): void {
    this.#heap[place] = slot;
    this.#places[slot] = place;
  }

  #up(from: number): number {
    let place = from;
    const slot = this.#heap[place] ?? 0;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const other = this.#heap[parent] ?? 0;
      if (!this.#before(slot, other)) break;
      this.#put(place, other);
      place = parent;
    }
    this.#put(place, slot);
    return place;
  }

  #down(from: number): void {
    let place = from;
    const slot = this.#heap[place] ?? 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.#heap.length) break;
      const right = child + 1;
      if (right < this.#heap.length && this.#before(this.#heap[right] ?? 0, this.#heap[child] ?? 0))
        child = right;
      const other = this.#heap[child] ?? 0;
      if (!this.#before(other, slot)) break;
      this.#put(place, other);
      place = child;
    }
    this.#put(place, slot);
  }
}
