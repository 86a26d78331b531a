import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from '@sampan/api';
import { isObject, type Logger, messageOf } from '@sampan/base';
import type { ContentChange } from '@sampan/hub/content';
import { Backoff, WATCH_BACKOFF } from '@sampan/machinery';

export interface HubFeedOptions {
  /** Where the registry answers this process. */
  readonly socketPath: string;
  /** Resolves when it does. */
  readonly ready: () => Promise<unknown>;
  readonly log: Logger;
  /** What was followed is followed no more: whoever watches has to begin anew. */
  readonly onBroken: () => void;
}

export type ChangeListener = (change: ContentChange) => void;

const CHANGES = '/resources/changes';
/** Changes that a watch may begin before. */
const MOST_KEPT = 2000;

/** Follows what changes in the registry, as long as it runs, and remembers the last changes. */
export class HubFeed {
  readonly #options: HubFeedOptions;
  readonly #backoff = new Backoff(WATCH_BACKOFF);
  readonly #listeners = new Set<ChangeListener>();
  readonly #stopped = new AbortController();
  readonly #end = once(this.#stopped.signal, 'abort');
  #kept: ContentChange[] = [];
  /** All later changes are kept; undefined: nothing is followed. */
  #since: number | undefined;
  #running: Promise<void> | undefined;

  constructor(options: HubFeedOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** Calls `listener` with the changes of a resource after that version. Throws `Expired`. */
  watch(resource: string, version: string, listener: ChangeListener): () => void {
    const after = Number(version);
    if (this.#since === undefined || !(after >= this.#since))
      throw errors.expired(`the version ${version} is too old`);
    // a list may be ahead of what was told so far
    const hear = (change: ContentChange): void => {
      if (change.resource === resource && change.version > after) listener(change);
    };
    for (const change of this.#kept) hear(change);
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  async #run(): Promise<void> {
    const { ready, log } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        // one that never gets ready must not hold up the end
        await Promise.race([ready(), this.#end]);
        if (!signal.aborted) await this.#follow(signal);
      } catch (error) {
        if (!signal.aborted) log.debug('the registry is not followed', { error: messageOf(error) });
      }
      this.#break(signal.aborted);
      await sleep(this.#backoff.next(), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Until the stream ends. */
  async #follow(signal: AbortSignal): Promise<void> {
    const answer = await this.#open(signal);
    let rest = '';
    for await (const text of answer.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(JSON.parse(line));
    }
  }

  #open(signal: AbortSignal): Promise<IncomingMessage> {
    const { socketPath } = this.#options;
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath, path: CHANGES, signal, agent: false }, resolve);
      sent.on('error', reject);
      sent.end();
    });
  }

  #take(value: unknown): void {
    if (!isObject(value) || typeof value.version !== 'number') return;
    if (this.#since === undefined) {
      this.#since = value.version;
      this.#backoff.reset();
      return;
    }
    this.#keep(value as unknown as ContentChange);
  }

  #keep(change: ContentChange): void {
    this.#kept.push(change);
    if (this.#kept.length > MOST_KEPT) {
      this.#kept = this.#kept.slice(MOST_KEPT / 2);
      this.#since = (this.#kept[0]?.version ?? change.version) - 1;
    }
    for (const listener of this.#listeners) listener(change);
  }

  #break(isLast: boolean): void {
    if (this.#since === undefined) return;
    this.#since = undefined;
    this.#kept = [];
    this.#listeners.clear();
    if (!isLast) this.#options.onBroken();
  }
}
