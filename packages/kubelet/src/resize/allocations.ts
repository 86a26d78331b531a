import { type k8s, podQOS } from '@sampan/api';
import { type Allocation, allocationOf, sameAllocation, withAllocation } from './allocation.ts';
import { judgeResize, type ResizePending } from './resize-fit.ts';

/** What a pod has, and why not what it asks for. */
export interface Allocated {
  /** Its spec with what it was given. */
  readonly pod: k8s.Pod;
  readonly pending: ResizePending | undefined;
}

interface Entry {
  wanted: k8s.Pod;
  allocation: Allocation;
  pending: ResizePending | undefined;
  /** Since it waits for others to give something back; orders those that wait. */
  turn: number;
}

/** What the pods of a node have been given of its CPU and memory (KEP-1287). Without I/O. */
export class Allocations {
  readonly #allocatable: Readonly<Record<string, string>>;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Map<string, () => void>();
  #turn = 0;

  constructor(allocatable: Readonly<Record<string, string>>) {
    this.#allocatable = allocatable;
  }

  /**
   * A pod as it is wanted now. `known`: what it had before this object was made; absent: all that it asks for, which
   * whoever let it onto the node has judged. `onGrant`: called when it gets more than it was answered.
   */
  ask(wanted: k8s.Pod, known: Allocation | undefined, onGrant: () => void): Allocated {
    const uid = wanted.metadata?.uid ?? '';
    const entry = this.#entries.getOrInsertComputed(uid, () => ({
      wanted,
      allocation: { ...allocationOf(wanted), ...known },
      pending: undefined,
      turn: 0,
    }));
    entry.wanted = wanted;
    this.#listeners.set(uid, onGrant);
    if (this.#settle(uid, entry)) this.#serveOthers(uid);
    return { pod: withAllocation(wanted, entry.allocation), pending: entry.pending };
  }

  /** The pod uses nothing any more. May be called twice. */
  forget(uid: string): void {
    this.#listeners.delete(uid);
    if (this.#entries.delete(uid)) this.#serveOthers(uid);
  }

  /** Gives the pod what it wants when that fits; answers whether what it has changed. */
  #settle(uid: string, entry: Entry): boolean {
    const { wanted, allocation } = entry;
    const asked = allocationOf(wanted);
    const differs = !sameAllocation(asked, allocation);
    entry.pending = differs ? judgeResize(wanted, this.#others(uid), this.#allocatable) : undefined;
    if (entry.pending?.reason === 'Deferred') entry.turn ||= ++this.#turn;
    else entry.turn = 0;
    if (entry.pending) return false;
    entry.allocation = asked;
    return differs;
  }

  /** Something may have been given back: those that wait are served in order, important ones first. */
  #serveOthers(uid: string): void {
    const waiting = [...this.#entries].filter(([other, { turn }]) => other !== uid && turn > 0);
    waiting.sort(([, a], [, b]) => rank(b.wanted) - rank(a.wanted) || a.turn - b.turn);
    for (const [other, entry] of waiting) if (this.#settle(other, entry)) this.#listeners.get(other)?.();
  }

  *#others(uid: string): Generator<k8s.Pod> {
    for (const [other, { wanted, allocation }] of this.#entries)
      if (other !== uid) yield withAllocation(wanted, allocation);
  }
}

/** By priority, then by quality of service (KEP-1287, "Priority of Resize Requests"). */
function rank({ spec = {} }: k8s.Pod): number {
  const quality = { Guaranteed: 2, Burstable: 1, BestEffort: 0 }[podQOS(spec)];
  return (spec.priority ?? 0) * 3 + quality;
}
