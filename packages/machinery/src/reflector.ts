import { type KubeObject, StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { Backoff, WATCH_BACKOFF } from './backoff.ts';
import type { Client, ListOptions, ResourceRef, WatchEvent } from './client.ts';
import { isRefusal } from './http/http-client.ts';

/** Follows what a reflector sees. Called synchronously and in order; must not throw. */
export interface ReflectorSink<T extends KubeObject = KubeObject> {
  /** The state begins anew: what gets no `put` before `endList` is gone. May come again at any time. */
  beginList(): void;
  /** The state is whole. */
  endList(): void;
  /** An object as it is now; the same version may come twice. */
  put(object: T): void;
  /** The last state of an object that is gone. */
  remove(object: T): void;
}

export interface ReflectorOptions {
  readonly client: Client;
  readonly ref: ResourceRef;
  /** What to follow; default everything. */
  readonly options?: Omit<ListOptions, 'limit'>;
  readonly clock: Clock;
  readonly log: Logger;
}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';
/** A watch that lived so long was a good one. */
const GOOD_WATCH_MS = 1000;

/**
 * Keeps a sink at the state of a resource: lists, watches from there with bookmarks, and lists again when the
 * server has forgotten where the watch was (410). Failures are tried again with growing, jittered pauses, for ever.
 * Where the client prefers it, the initial list comes as a watch (WatchList, KEP-3157).
 */
export class Reflector<T extends KubeObject = KubeObject> {
  readonly #options: ReflectorOptions;
  readonly #sink: ReflectorSink<T>;
  readonly #backoff = new Backoff(WATCH_BACKOFF);
  #version = '';
  #listing = false;
  #attemptStarted = 0;
  #started = false;
  #running = false;
  #end: () => void = () => {};

  constructor(options: ReflectorOptions, sink: ReflectorSink<T>) {
    this.#options = options;
    this.#sink = sink;
  }

  /** May be called twice; does nothing after `stop`. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#running = true;
    this.#resume();
  }

  /** May be called twice; the sink hears nothing afterwards. */
  stop(): void {
    this.#started = true;
    this.#running = false;
    this.#end();
    this.#end = () => {};
  }

  #resume(): void {
    if (!this.#running) return;
    if (this.#version !== '') this.#watch();
    else if (this.#options.client.prefersWatchList) this.#watch();
    else void this.#list();
  }

  async #list(): Promise<void> {
    const { client, ref, options, clock } = this.#options;
    this.#attemptStarted = clock.monotonic();
    try {
      this.#sink.beginList();
      const version = await client.scan<T>(ref, options ?? {}, (object) => {
        if (this.#running) this.#sink.put(object);
      });
      if (!this.#running) return;
      this.#version = version;
      this.#sink.endList();
      this.#watch();
    } catch (error) {
      this.#retry(error);
    }
  }

  #watch(): void {
    const { client, ref, options, clock } = this.#options;
    const initial = this.#version === '';
    if (initial) {
      this.#sink.beginList();
      this.#listing = true;
    }
    this.#attemptStarted = clock.monotonic();
    this.#end = client.watch<T>(
      ref,
      {
        ...options,
        bookmarks: true,
        ...(initial ? { sendInitialEvents: true } : { resourceVersion: this.#version }),
      },
      {
        onEvent: (event) => {
          if (this.#running) this.#receive(event);
        },
        onEnd: (error) => this.#ended(error),
      },
    );
  }

  #receive({ type, object }: WatchEvent<T>): void {
    if (type === 'BOOKMARK') {
      if (this.#listing && object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true') {
        this.#listing = false;
        this.#sink.endList();
      }
    } else if (type === 'DELETED') this.#sink.remove(object);
    else this.#sink.put(object);
    // before its end, an initial list is not a place to go on from
    if (!this.#listing) this.#version = object.metadata.resourceVersion ?? this.#version;
  }

  #ended(error: Error | undefined): void {
    if (!this.#running) return;
    const refused = this.#listing && isRefusal(error);
    this.#listing = false;
    if (refused) {
      this.#resume();
      return;
    }
    if (error === undefined && this.#options.clock.monotonic() - this.#attemptStarted >= GOOD_WATCH_MS) {
      this.#backoff.reset();
      this.#resume();
      return;
    }
    this.#retry(error);
  }

  #retry(error: unknown): void {
    if (!this.#running) return;
    const { log, ref, clock } = this.#options;
    if (error instanceof StatusError && error.code === 410) this.#version = '';
    if (clock.monotonic() - this.#attemptStarted >= WATCH_BACKOFF.maxMs) this.#backoff.reset();
    const pause = this.#backoff.next();
    if (error !== undefined)
      log.debug('a watch is started again', {
        resource: ref.resource,
        group: ref.group,
        error: messageOf(error),
        pause,
      });
    this.#end = clock.schedule(() => this.#resume(), pause);
  }
}
