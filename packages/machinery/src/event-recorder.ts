import { type KubeObject, StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { Client } from './client.ts';
import { microTime } from './lease.ts';
import { REFS } from './refs.ts';

export interface EventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** `reportingController`, for example `sampan.io/flows`. */
  readonly controller: string;
  /** `reportingInstance`, for example the host's name. */
  readonly instance: string;
}

export interface EventContent {
  readonly type: 'Normal' | 'Warning';
  /** Why, in one CamelCase word. */
  readonly reason: string;
  /** What the controller did or tried, in one CamelCase word; default the reason. */
  readonly action?: string;
  readonly note: string;
}

interface Series {
  readonly name: string;
  readonly namespace: string;
  count: number;
  /** Recorded since the server was last told. */
  pending: boolean;
  seenAt: number;
}

/** Like events within this time are one event with a series (client-go tools/events). */
const SERIES_MS = 6 * 60_000;
/** A series is told again at most so often. */
const REFRESH_MS = 30_000;
const MOST_SERIES = 4096;
const MOST_NOTE = 1024;

/**
 * Tells users of what happens to objects, by events.k8s.io/v1 Events: the same thing again within six minutes only
 * grows the first event's series. Never throws and never waits: events are best effort.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #timers = new Set<() => void>();
  #counter = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** `object`: what it is about; must have a kind, apiVersion and name. */
  record(object: KubeObject, content: EventContent): void {
    const { clock } = this.#options;
    const key = [object.metadata.uid, content.type, content.reason, content.action, content.note].join('\n');
    const known = this.#series.get(key);
    if (known && clock.now() - known.seenAt < SERIES_MS) {
      known.count++;
      known.seenAt = clock.now();
      this.#refreshLater(known);
      return;
    }
    this.#forgetOld();
    const namespace = object.metadata.namespace || 'default';
    const name = `${object.metadata.name ?? ''}.${(clock.now() * 1000 + (this.#counter++ % 1000)).toString(16)}`;
    const series = { name, namespace, count: 1, pending: false, seenAt: clock.now() };
    this.#series.set(key, series);
    void this.#create(series, object, content);
  }

  /** Series that are not told yet are lost. */
  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#series.clear();
  }

  async #create(series: Series, object: KubeObject, content: EventContent): Promise<void> {
    const { client, clock, controller, instance } = this.#options;
    const { name = '', namespace, uid, resourceVersion } = object.metadata;
    await this.#attempt(() =>
      client.create(REFS.newEvents, {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: series.name, namespace: series.namespace },
        eventTime: microTime(clock.now()),
        reportingController: controller,
        reportingInstance: instance.slice(0, 128),
        action: content.action ?? content.reason,
        reason: content.reason,
        type: content.type,
        note: content.note.slice(0, MOST_NOTE),
        regarding: {
          apiVersion: object.apiVersion,
          kind: object.kind,
          name,
          ...(namespace ? { namespace } : {}),
          ...(uid ? { uid } : {}),
          ...(resourceVersion ? { resourceVersion } : {}),
        },
      }),
    );
  }

  #refreshLater(series: Series): void {
    if (series.pending) return;
    series.pending = true;
    // the second occurrence is told at once, later ones in bunches
    const pause = series.count === 2 ? 0 : REFRESH_MS;
    const cancel = this.#options.clock.schedule(() => {
      this.#timers.delete(cancel);
      series.pending = false;
      void this.#refresh(series);
    }, pause);
    this.#timers.add(cancel);
  }

  async #refresh(series: Series): Promise<void> {
    const lastObservedTime = microTime(series.seenAt);
    const patch = { series: { count: series.count, lastObservedTime } };
    await this.#attempt(() =>
      this.#options.client.patch(REFS.newEvents, series.namespace, series.name, 'merge', patch),
    );
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

  #forgetOld(): void {
    const now = this.#options.clock.now();
    for (const [key, series] of this.#series) {
      if (this.#series.size < MOST_SERIES && now - series.seenAt < SERIES_MS) return;
      this.#series.delete(key);
    }
  }
}
