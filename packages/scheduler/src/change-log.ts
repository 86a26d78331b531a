import type { PodInfo } from './pod-info.ts';

/**
 * What happened to a node: `pod` came or went; without one, the room on it changed, or (`node`) its labels or
 * taints, or it came or went itself.
 */
export type Change =
  | { readonly slot: number; readonly kind: 'pod'; readonly pod: PodInfo; readonly sign: 1 | -1 }
  | { readonly slot: number; readonly kind: 'room' | 'node' };

const MOST = 20_000;

/**
 * The changes of nodes in order, so that whoever keeps something per node brings only what changed up to date.
 * Old ones are forgotten.
 */
export class ChangeLog {
  #changes: Change[] = [];
  #start = 0;

  /** The number of the next change. */
  get end(): number {
    return this.#start + this.#changes.length;
  }

  add(change: Change): void {
    if (this.#changes.length >= MOST) {
      this.#changes = this.#changes.slice(MOST / 2);
      this.#start += MOST / 2;
    }
    this.#changes.push(change);
  }

  /** The changes from number `from` on; undefined when they are forgotten. */
  since(from: number): readonly Change[] | undefined {
    if (from < this.#start) return undefined;
    return from === this.end ? [] : this.#changes.slice(from - this.#start);
  }
}
