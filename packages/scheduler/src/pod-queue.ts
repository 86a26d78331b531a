import type { Plugin } from './failure.ts';
import type { PodInfo } from './pod-info.ts';

/** A pod that waits for a node. */
export interface QueuedPod {
  info: PodInfo;
  /** When it came; ms since the epoch. */
  readonly since: number;
  /** Order among those of one moment. */
  readonly order: number;
  attempts: number;
  /** When its last attempt was. */
  triedAt: number;
  /** What said no in its last attempt. */
  failedBy: ReadonlySet<Plugin>;
  /** Equal for pods that an event helps alike. */
  classKey: string;
  place: Place;
  /** What was last said of it, and when. */
  said: { readonly text: string; readonly at: number } | undefined;
}

/**
 * `active`: to be tried; `backoff`: to be tried after a pause; `waiting`: until an event helps; `gated`: until its
 * gates are gone; `busy`: its decision is being carried out.
 */
export type Place = 'active' | 'backoff' | 'waiting' | 'gated' | 'busy';

const FIRST_BACKOFF_MS = 1000;
const LONGEST_BACKOFF_MS = 10_000;
/** Waiting pods are tried again after so long, should an event have been missed (upstream's flush). */
const FLUSH_MS = 5 * 60_000;
/** Pauses end together, so that many pods do not mean many timers. */
const STEP_MS = 100;

/** The pods that wait, those of high priority first, then the older ones (upstream's PriorityQueue). */
export class PodQueue {
  readonly #pods = new Map<string, QueuedPod>();
  readonly #active: QueuedPod[] = [];
  readonly #backoff = new Map<string, number>();
  /** Waiting pods by class. */
  readonly #waiting = new Map<string, Set<QueuedPod>>();
  #order = 0;
  #flushAt: number | undefined;

  get(key: string): QueuedPod | undefined {
    return this.#pods.get(key);
  }

  get size(): number {
    return this.#pods.size;
  }

  pods(): IterableIterator<QueuedPod> {
    return this.#pods.values();
  }

  add(info: PodInfo, now: number): QueuedPod {
    const pod: QueuedPod = {
      info,
      since: now,
      order: this.#order++,
      attempts: 0,
      triedAt: 0,
      failedBy: new Set(),
      classKey: '',
      place: 'gated',
      said: undefined,
    };
    this.#pods.set(info.key, pod);
    return pod;
  }

  remove(pod: QueuedPod): void {
    this.#leave(pod);
    this.#pods.delete(pod.info.key);
    pod.place = 'gated';
  }

  activate(pod: QueuedPod): void {
    if (pod.place === 'active') return;
    this.#leave(pod);
    pod.place = 'active';
    this.#push(pod);
  }

  /** Tries a pod again as soon as its pause is over. */
  retry(pod: QueuedPod, now: number): void {
    if (pod.place === 'active' || pod.place === 'backoff') return;
    const due = pod.triedAt + backoffOf(pod.attempts);
    if (due <= now) {
      this.activate(pod);
      return;
    }
    this.#leave(pod);
    pod.place = 'backoff';
    this.#backoff.set(pod.info.key, Math.ceil(due / STEP_MS) * STEP_MS);
  }

  wait(pod: QueuedPod): void {
    this.#leave(pod);
    pod.place = 'waiting';
    this.#waiting.getOrInsertComputed(pod.classKey, () => new Set()).add(pod);
    this.#flushAt ??= pod.triedAt + FLUSH_MS;
  }

  hold(pod: QueuedPod, place: 'gated' | 'busy'): void {
    this.#leave(pod);
    pod.place = place;
  }

  /** Waiting pods, class by class. */
  waiting(): IterableIterator<ReadonlySet<QueuedPod>> {
    return this.#waiting.values();
  }

  /** The next pod to try. */
  take(): QueuedPod | undefined {
    for (;;) {
      const pod = this.#pop();
      if (pod === undefined) return undefined;
      if (pod.place !== 'active' || this.#pods.get(pod.info.key) !== pod) continue;
      pod.place = 'busy';
      return pod;
    }
  }

  /** Puts pods whose pause is over among the active ones; returns when to call again. */
  wake(now: number): number | undefined {
    let next: number | undefined;
    const due: QueuedPod[] = [];
    for (const [key, at] of this.#backoff) {
      const pod = this.#pods.get(key);
      if (pod && at <= now) due.push(pod);
      else next = Math.min(next ?? at, at);
    }
    for (const pod of due) this.activate(pod);
    if (this.#flushAt !== undefined && this.#flushAt <= now) this.#flush(now);
    return this.#flushAt === undefined ? next : Math.min(next ?? this.#flushAt, this.#flushAt);
  }

  #flush(now: number): void {
    this.#flushAt = undefined;
    for (const pods of [...this.#waiting.values()]) {
      for (const pod of [...pods]) {
        const at = pod.triedAt + FLUSH_MS;
        if (at <= now) this.activate(pod);
        else this.#flushAt = Math.min(this.#flushAt ?? at, at);
      }
    }
  }

  #leave(pod: QueuedPod): void {
    if (pod.place === 'backoff') this.#backoff.delete(pod.info.key);
    if (pod.place !== 'waiting') return;
    const others = this.#waiting.get(pod.classKey);
    others?.delete(pod);
    if (others?.size === 0) this.#waiting.delete(pod.classKey);
  }

  #push(pod: QueuedPod): void {
    const heap = this.#active;
    let place = heap.length;
    heap.push(pod);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const other = heap[parent];
      if (!other || !before(pod, other)) break;
      heap[place] = other;
      place = parent;
    }
    heap[place] = pod;
  }

  #pop(): QueuedPod | undefined {
    const heap = this.#active;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      let lower = heap[child];
      const right = heap[child + 1];
      if (lower && right && before(right, lower)) {
        child++;
        lower = right;
      }
      if (!lower || !before(lower, last)) break;
      heap[place] = lower;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

const backoffOf = (attempts: number): number =>
  Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.max(0, attempts - 1));

function before(a: QueuedPod, b: QueuedPod): boolean {
  if (a.info.priority !== b.info.priority) return a.info.priority > b.info.priority;
  return a.since < b.since || (a.since === b.since && a.order < b.order);
}
