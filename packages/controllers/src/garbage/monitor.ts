import type { KubeObject } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import { type Client, Reflector, type ResourceRef } from '@sampan/machinery';
import { type Facts, factsOf } from './facts.ts';
import type { OwnerGraph, Work } from './graph.ts';

export interface MonitorOptions {
  readonly client: Client;
  readonly ref: ResourceRef;
  readonly graph: OwnerGraph;
  readonly clock: Clock;
  readonly log: Logger;
  onWork(work: Work): void;
  /** The first list is complete. Called once. */
  onSynced(): void;
}

/** Feeds the graph with the objects of one resource; keeps nothing else of them. */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #reflector: Reflector;
  /** Of those in the graph, what the running list has not shown yet. */
  #unseen: Set<string> | undefined;
  /** Only between a list's begin and end. */
  #listing = false;
  /** Made with the first one: most kinds have none, and thousands of clusters may be here. */
  #own: Set<string> | undefined;
  #synced = false;

  constructor(options: MonitorOptions) {
    const { client, ref, clock, log } = options;
    this.#options = options;
    this.#reflector = new Reflector(
      // an object that has neither cannot matter
      {
        client,
        ref,
        clock,
        log,
        options: { metadataOnly: true, mentions: ['ownerReferences', 'deletionTimestamp'] },
      },
      {
        beginList: () => {
          this.#listing = true;
          this.#unseen = this.#own && new Set(this.#own);
        },
        endList: () => this.#endList(),
        put: (object) => this.#put(object),
        remove: (object) => this.#remove(object.metadata.uid ?? ''),
      },
    );
  }

  start(): void {
    this.#reflector.start();
  }

  /** Ends it; the resource is not served any more, or nobody collects. Its objects leave the graph. */
  stop(): void {
    this.#reflector.stop();
    for (const uid of this.#own ?? []) this.#options.graph.put(uid, undefined);
    this.#own = undefined;
  }

  get synced(): boolean {
    return this.#synced;
  }

  #put(object: KubeObject): void {
    const { ref, graph } = this.#options;
    const uid = object.metadata.uid ?? '';
    if (this.#listing) this.#unseen?.delete(uid);
    const facts: Facts | undefined = factsOf(ref, object);
    if (facts) {
      this.#own ??= new Set();
      this.#own.add(uid);
    } else if (!this.#own?.delete(uid)) return;
    this.#options.onWork(graph.put(uid, facts));
  }

  #remove(uid: string): void {
    this.#own?.delete(uid);
    this.#options.onWork(this.#options.graph.remove(uid));
  }

  #endList(): void {
    this.#listing = false;
    for (const uid of this.#unseen ?? []) this.#remove(uid);
    this.#unseen = undefined;
    if (this.#synced) return;
    this.#synced = true;
    this.#options.onSynced();
  }
}
