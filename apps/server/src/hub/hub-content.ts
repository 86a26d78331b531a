import { errors, type KubeObject, type ResourceDefinition } from '@sampan/api';
import { messageOf } from '@sampan/base';
import type { ContentChange } from '@sampan/hub/content';
import type { ProvidedCaller, ProvidedEvent, ProvidedList, ProvidedResource } from '@sampan/machinery';
import { askHub } from './ask-hub.ts';
import type { HubFeed } from './hub-feed.ts';

export interface HubContentOptions {
  readonly definitions: readonly ResourceDefinition[];
  readonly feed: HubFeed;
  /** Where the registry answers this process. */
  readonly socketPath: string;
  /** Resolves when it does. */
  readonly ready: () => Promise<unknown>;
}

/** What the registry holds, as resources of the API: asked of it each time, under `/resources/` of its socket. */
export function hubContent({ definitions, feed, socketPath, ready }: HubContentOptions): ProvidedResource[] {
  const ask = async (path: string): Promise<unknown> => {
    try {
      await ready();
      return await askHub(socketPath, path);
    } catch (error) {
      throw errors.serviceUnavailable(`the registry does not answer: ${messageOf(error)}`);
    }
  };
  return definitions.map((definition) =>
    FOLLOWED.includes(definition.resource)
      ? new FollowedContent(definition, ask, feed)
      : new HubContent(definition, ask),
  );
}

/** Of these the registry tells when they change. */
const FOLLOWED = ['repositories', 'tags', 'manifests'];

class HubContent implements ProvidedResource {
  readonly definition: ResourceDefinition;
  readonly #ask: (path: string) => Promise<unknown>;

  constructor(definition: ResourceDefinition, ask: (path: string) => Promise<unknown>) {
    this.definition = definition;
    this.#ask = ask;
  }

  async list(_namespace: string, _caller: ProvidedCaller, equal: Readonly<Record<string, string>>) {
    const query = new URLSearchParams(equal).toString();
    return (await this.#ask(`${this.#path}${query && `?${query}`}`)) as ProvidedList;
  }

  async get(_namespace: string, name: string): Promise<KubeObject | undefined> {
    return (await this.#ask(`${this.#path}/${encodeURIComponent(name)}`)) as KubeObject | undefined;
  }

  get #path(): string {
    return `/resources/${this.definition.resource}`;
  }
}

/** Content that can be watched, too. */
class FollowedContent extends HubContent {
  readonly #feed: HubFeed;

  constructor(definition: ResourceDefinition, ask: (path: string) => Promise<unknown>, feed: HubFeed) {
    super(definition, ask);
    this.#feed = feed;
  }

  /** An object is told as it is when it is asked for: perhaps later than the change, never before it. */
  watch(_namespace: string, resourceVersion: string, onEvent: (event: ProvidedEvent) => void): () => void {
    let tail: Promise<void> = Promise.resolve();
    let ended = false;
    const tell = async (change: ContentChange): Promise<void> => {
      if (ended) return;
      const event = await this.#eventOf(change);
      if (!ended) onEvent(event);
    };
    const stop = this.#feed.watch(this.definition.resource, resourceVersion, (change) => {
      // a registry that cannot be asked is not followed any more, which ends this watch
      tail = tail.then(() => tell(change)).catch(() => undefined);
    });
    return () => {
      ended = true;
      stop();
    };
  }

  async #eventOf({ name, version, spec }: ContentChange): Promise<ProvidedEvent> {
    const resourceVersion = String(version);
    const found = await this.get('', name);
    if (found)
      return { type: 'MODIFIED', object: { ...found, metadata: { ...found.metadata, resourceVersion } } };
    const { group, version: served, kind } = this.definition;
    const object = { apiVersion: `${group}/${served}`, kind, metadata: { name, resourceVersion }, spec };
    return { type: 'DELETED', object };
  }
}
