import type { Clock } from '@sampan/base';

interface Alarm {
  readonly name: string;
  readonly at: number;
}

/** Times at which something named is due, one for each name: thousands of them wait behind a single timer. */
export class Alarms {
  readonly #clock: Clock;
  readonly #ring: (name: string) => void;
  /** A binary heap by time; alarms that were replaced stay in it until they come up. */
  readonly #heap: Alarm[] = [];
  readonly #current = new Map<string, Alarm>();
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  /** `ring` must not throw. */
  constructor(clock: Clock, ring: (name: string) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** In place of an earlier one of that name; milliseconds since the epoch. */
  set(name: string, at: number): void {
    const alarm = { name, at };
    this.#current.set(name, alarm);
    this.#push(alarm);
    this.#arm();
  }

  delete(name: string): void {
    this.#current.delete(name);
  }

  close(): void {
    this.#current.clear();
    this.#heap.length = 0;
    this.#timer?.cancel();
  }

  #arm(): void {
    const at = this.#heap[0]?.at;
    if (at === undefined || this.#timer?.at === at) return;
    this.#timer?.cancel();
    // a timer has a longest delay: then it looks again
    this.#timer = { at, cancel: this.#clock.schedule(() => this.#due(), at - this.#clock.now()) };
  }

  #due(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      if (this.#current.get(first.name) !== first) continue;
      this.#current.delete(first.name);
      this.#ring(first.name);
    }
    this.#arm();
  }

  #push(alarm: Alarm): void {
    const heap = this.#heap;
    let index = heap.push(alarm) - 1;
    for (let parent = (index - 1) >> 1; index > 0; index = parent, parent = (index - 1) >> 1) {
      const above = heap[parent];
      if (!above || above.at <= alarm.at) break;
      heap[index] = above;
      heap[parent] = alarm;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    heap[0] = last;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = (heap[right]?.at ?? Number.POSITIVE_INFINITY) < (heap[left]?.at ?? 0) ? right : left;
      const below = heap[child];
      if (!below || below.at >= last.at) return;
      heap[index] = below;
      heap[child] = last;
      index = child;
    }
  }
}
