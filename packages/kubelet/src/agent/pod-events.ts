import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { type Client, REFS } from '@sampan/machinery';

export interface PodEventsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: string;
}

/** As the worker tells them; other parts of the agent have reasons of their own. */
export interface NodeEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly fieldPath?: string;
}

interface Known {
  readonly name: string;
  readonly namespace: string;
  count: number;
  seenAt: number;
  work: Promise<void>;
}

/** Like events within this time are one with a count (client-go's correlator). */
const SAME_MS = 10 * 60_000;
const MOST_KNOWN = 4096;
const MOST_MESSAGE = 1024;
/** An object may have so many events at once, and one more in each five minutes (the correlator's spam filter). */
const BURST = 25;
const REFILL_MS = 300_000;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Writes what happens to pods and the node as core/v1 Events from the source `kubelet`; the same thing again counts
 * the first one up. Never throws and never waits; events are best effort.
 */
export class PodEvents {
  readonly #options: PodEventsOptions;
  readonly #known = new Map<string, Known>();
  readonly #buckets = new Map<string, Bucket>();
  #counter = 0;

  constructor(options: PodEventsOptions) {
    this.#options = options;
  }

  ofPod(pod: k8s.Pod, event: NodeEvent): void {
    const { name = '', namespace = '', uid, resourceVersion } = pod.metadata ?? {};
    this.#record({
      namespace,
      event,
      involved: {
        kind: 'Pod',
        apiVersion: 'v1',
        name,
        namespace,
        ...(uid ? { uid } : {}),
        ...(resourceVersion ? { resourceVersion } : {}),
        ...(event.fieldPath ? { fieldPath: event.fieldPath } : {}),
      },
    });
  }

  ofNode(event: NodeEvent): void {
    const { node } = this.#options;
    this.#record({ namespace: 'default', event, involved: { kind: 'Node', name: node, uid: node } });
  }

  #record({ namespace, event, involved }: Occurrence): void {
    const { clock } = this.#options;
    const now = clock.now();
    const key = JSON.stringify([involved.uid, involved.fieldPath, event.type, event.reason, event.message]);
    const known = this.#known.get(key);
    if (!this.#mayWrite(String(involved.uid), now)) return;
    if (known && now - known.seenAt < SAME_MS) {
      known.count++;
      known.seenAt = now;
      known.work = known.work.then(() => this.#count(known, now));
      return;
    }
    this.#forgetOld(now);
    const name = `${involved.name}.${((now * 1000 + (this.#counter++ % 1000)) * 1000).toString(16)}`;
    const made: Known = { name, namespace, count: 1, seenAt: now, work: Promise.resolve() };
    made.work = this.#create(made, event, involved, now);
    this.#known.set(key, made);
  }

  #create(known: Known, event: NodeEvent, involved: Occurrence['involved'], now: number): Promise<void> {
    const { client, node } = this.#options;
    const time = seconds(now);
    return this.#attempt(() =>
      client.create<KubeObject>(REFS.events, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: known.name, namespace: known.namespace },
        involvedObject: involved,
        type: event.type,
        reason: event.reason,
        message: event.message.slice(0, MOST_MESSAGE),
        source: { component: 'kubelet', host: node },
        reportingComponent: 'kubelet',
        reportingInstance: node,
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      }),
    );
  }

  #count({ name, namespace, count }: Known, now: number): Promise<void> {
    const patch = { count, lastTimestamp: seconds(now) };
    return this.#attempt(() => this.#options.client.patch(REFS.events, namespace, name, 'merge', patch));
  }

  async #attempt(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      // the namespace goes away, or the event has expired
      const expected = error instanceof StatusError && [403, 404].includes(error.code);
      if (!expected) this.#options.log.warn('an event could not be written', { error: messageOf(error) });
    }
  }

  #mayWrite(uid: string, now: number): boolean {
    const bucket = this.#buckets.getOrInsertComputed(uid, () => ({ tokens: BURST, at: now }));
    const filled = Math.floor((now - bucket.at) / REFILL_MS);
    if (filled > 0) {
      bucket.tokens = Math.min(BURST, bucket.tokens + filled);
      bucket.at += filled * REFILL_MS;
    }
    if (bucket.tokens === 0) return false;
    bucket.tokens--;
    return true;
  }

  #forgetOld(now: number): void {
    for (const [key, { seenAt }] of this.#known) {
      if (this.#known.size < MOST_KNOWN && now - seenAt < SAME_MS) break;
      this.#known.delete(key);
    }
    for (const [uid, { at }] of this.#buckets) {
      if (this.#buckets.size < MOST_KNOWN && now - at < BURST * REFILL_MS) break;
      this.#buckets.delete(uid);
    }
  }
}

interface Occurrence {
  readonly namespace: string;
  readonly event: NodeEvent;
  readonly involved: Readonly<Record<string, string>> & { readonly name: string };
}

const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
