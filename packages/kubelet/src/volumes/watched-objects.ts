import { type KubeObject, StatusError } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import { type Client, Informer, REFS, type ResourceRef } from '@sampan/machinery';
import type { Reference } from './references.ts';
import type { SourceChange, SourceKind } from './volume-sources.ts';

const RESOURCES: Readonly<Record<SourceKind, ResourceRef>> = {
  ConfigMap: REFS.configMaps,
  Secret: REFS.secrets,
};

export interface WatchedObjectsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Watched {
  readonly informer: Informer;
  /** The pods that name it. */
  readonly holders: Set<string>;
  /** The version that was given out last; undefined: it was not there. */
  given: string | undefined;
}

/**
 * The config maps and secrets that pods of the node name, each watched by itself as long as a pod names it: a node may
 * read no others (upstream kubelet/util/manager watch_based_manager.go).
 */
export class WatchedObjects {
  readonly #options: WatchedObjectsOptions;
  readonly #tell: (change: SourceChange) => void;
  readonly #watched = new Map<string, Watched>();
  /** What each pod holds. */
  readonly #held = new Map<string, ReadonlySet<string>>();

  constructor(options: WatchedObjectsOptions, tell: (change: SourceChange) => void) {
    this.#options = options;
    this.#tell = tell;
  }

  /** A pod names these, and no others. */
  hold(uid: string, namespace: string, references: ReadonlySet<Reference>): void {
    const keys = new Set([...references].map((reference) => `${namespace}/${reference}`));
    const before = this.#held.get(uid) ?? new Set();
    for (const key of keys) if (!before.has(key)) this.#watch(key).holders.add(uid);
    for (const key of before) if (!keys.has(key)) this.#drop(key, uid);
    if (keys.size > 0) this.#held.set(uid, keys);
    else this.#held.delete(uid);
  }

  /** As it is now; undefined: there is none. Throws what the server says. */
  async read<T extends KubeObject>(
    kind: SourceKind,
    namespace: string,
    name: string,
  ): Promise<T | undefined> {
    const watched = this.#watched.get(`${namespace}/${kind}/${name}`);
    const known = watched?.informer.isSynced ? watched.informer.get(namespace, name) : undefined;
    // what a watch does not show yet may be there all the same
    const found =
      (known as T | undefined) ??
      (await this.#get<T>(kind, namespace, name).catch((error: unknown) => {
        // without an answer, what the watch has shown counts
        if (watched?.informer.isSynced && !(error instanceof StatusError)) return undefined;
        throw error;
      }));
    if (watched) watched.given = found?.metadata.resourceVersion;
    return found;
  }

  close(): void {
    for (const { informer } of this.#watched.values()) informer.stop();
    this.#watched.clear();
  }

  async #get<T extends KubeObject>(
    kind: SourceKind,
    namespace: string,
    name: string,
  ): Promise<T | undefined> {
    try {
      return await this.#options.client.get<T>(RESOURCES[kind], namespace, name);
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    }
  }

  #watch(key: string): Watched {
    const present = this.#watched.get(key);
    if (present) return present;
    const [namespace = '', kind, name = ''] = key.split('/') as [string, SourceKind, string];
    const { client, clock, log } = this.#options;
    const options = { namespace, fieldSelector: `metadata.name=${name}` };
    const informer = new Informer({ client, ref: RESOURCES[kind], options, clock, log });
    const watched: Watched = { informer, holders: new Set(), given: undefined };
    this.#watched.set(key, watched);
    informer.onChange(({ type, object }) => {
      const version = type === 'deleted' ? undefined : object.metadata.resourceVersion;
      // the first list shows what was read already
      if (version === watched.given) return;
      watched.given = version;
      this.#tell({ kind, namespace, name, appeared: type === 'added' });
    });
    informer.start();
    return watched;
  }

  #drop(key: string, uid: string): void {
    const watched = this.#watched.get(key);
    watched?.holders.delete(uid);
    if (watched?.holders.size !== 0) return;
    watched.informer.stop();
    this.#watched.delete(key);
  }
}
