import { Readable } from 'node:stream';
import type { Clock } from '@sampan/base';
import type { HubResponse } from '../api/message.ts';
import type { HubEvent } from '../events/event.ts';
import { manifestObjectName, repositoryObjectName, tagObjectName } from './names.ts';

/** An object of content is another now, or gone. */
export interface ContentChange {
  /** Grows with each change, also over restarts. */
  readonly version: number;
  readonly resource: string;
  readonly name: string;
  /** What is known of it when it is gone. */
  readonly spec: Readonly<Record<string, string>>;
}

/** Longer than so many lines wait for nobody. */
const MOST_WAITING = 10_000;
/** Shorter than what an idle connection is given. */
const HEARTBEAT_MS = 60_000;
/** Room for the changes of a process: the next one begins higher. */
const VERSIONS_PER_MS = 1000;

/**
 * Tells a Kubernetes API server which objects of content are other now, line by line as JSON: at first `{version}`, then
 * changes; an empty object now and then. A stream that ends is to be begun anew, with new lists.
 */
export class ContentChanges {
  readonly #clock: Clock;
  readonly #streams = new Set<Readable>();
  #version: number;
  #cancelHeartbeat: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#version = clock.now() * VERSIONS_PER_MS;
  }

  /** Of the last change: a list that is made now holds it. */
  get version(): number {
    return this.#version;
  }

  /** For `EventLog.listen`. */
  readonly hear = async (events: readonly HubEvent[]): Promise<void> => {
    for (const change of events.flatMap(changesOf)) {
      this.#version++;
      this.#send({ version: this.#version, ...change });
    }
  };

  answer(): HubResponse {
    const stream = new Readable({ objectMode: true, read: () => undefined });
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    stream.push(lineOf({ version: this.#version }));
    this.#beat();
    return { status: 200, headers: { 'content-type': 'application/json' }, body: stream };
  }

  /** Ends all streams. */
  close(): void {
    this.#cancelHeartbeat?.();
    for (const stream of this.#streams) stream.destroy();
  }

  #send(value: object): void {
    const line = lineOf(value);
    for (const stream of this.#streams) {
      if (stream.readableLength > MOST_WAITING) stream.destroy();
      else stream.push(line);
    }
  }

  #beat(): void {
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = undefined;
    if (this.#streams.size === 0) return;
    this.#cancelHeartbeat = this.#clock.schedule(() => {
      this.#send({});
      this.#beat();
    }, HEARTBEAT_MS);
  }
}

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;

/** What a push or a deletion changes: the repository, the manifest and its tags, and the tag. */
function changesOf({ type, project, repository, tag, digest }: HubEvent): Omit<ContentChange, 'version'>[] {
  if (type !== 'push' && type !== 'delete') return [];
  const spec = { project, repository };
  const manifest = manifestObjectName(repository, digest);
  const named = tag === undefined ? [] : [{ tag, name: tagObjectName(repository, tag) }];
  return [
    { resource: 'repositories', name: repositoryObjectName(repository), spec },
    { resource: 'manifests', name: manifest, spec: { ...spec, digest } },
    ...named.map((each) => ({ resource: 'tags', name: each.name, spec: { ...spec, tag: each.tag, digest } })),
  ];
}
