import { type KubeObject, StatusError } from '@sampan/api';
import { type Clock, deepEqual, type Logger, messageOf } from '@sampan/base';
import { type Client, Informer, Reconciler } from '@sampan/machinery';
import type { GuestHost, GuestListener, GuestSettings } from '../guest-host.ts';
import { CLUSTERS, type Cluster } from '../kind/cluster.ts';
import { clusterStatus, type Outcome } from './cluster-status.ts';

export interface ClusterControllerOptions {
  /** Of the host cluster; the kind is installed. */
  readonly client: Client;
  readonly host: GuestHost;
  /** `https://HOST:PORT`. */
  readonly url: string;
  /** The Kubernetes release that guests serve. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ClusterController {
  /** To be told what clusters do by themselves. */
  readonly changed: GuestListener;
  /** Resolves when what it was doing is done. May be called twice. */
  stop(): Promise<void>;
}

/** The cluster's files go before its object does. */
const FINALIZER = 'clusters.sampan.dev/files';
const DEFAULT_IDLE_SECONDS = 600;

/** Makes guest clusters what their objects say, and tells there what they are. */
export function startClusterController(options: ClusterControllerOptions): ClusterController {
  const controller = new Controller(options);
  controller.start();
  return controller;
}

class Controller implements ClusterController {
  readonly #options: ClusterControllerOptions;
  readonly #clusters: Informer<Cluster>;
  readonly #reconciler: Reconciler;
  /** Generations that were made so since this controller started. */
  readonly #settled = new Map<string, number>();
  /** What clusters did by themselves, and is not told yet. */
  readonly #news = new Map<string, Outcome>();

  constructor(options: ClusterControllerOptions) {
    const { client, clock, log } = options;
    this.#options = options;
    this.#clusters = new Informer<Cluster>({ client, ref: CLUSTERS, clock, log });
    this.#reconciler = new Reconciler({
      name: 'clusters',
      clock,
      log,
      reconcile: async (name) => {
        await this.#reconcile(name);
        return undefined;
      },
    });
  }

  start(): void {
    this.#clusters.onChange(({ type, object }) => {
      const { name = '' } = object.metadata;
      if (type === 'deleted') this.#settled.delete(name);
      else this.#reconciler.enqueue(name);
    });
    this.#clusters.start();
    void this.#clusters.synced().then(() => this.#reconciler.start());
  }

  readonly changed: GuestListener = (name, state) => {
    this.#news.set(name, state);
    this.#reconciler.enqueue(name);
  };

  async stop(): Promise<void> {
    this.#clusters.stop();
    await this.#reconciler.stop();
  }

  async #reconcile(name: string): Promise<void> {
    const cluster = this.#clusters.get('', name);
    if (!cluster) return;
    if (cluster.metadata.deletionTimestamp) await this.#remove(cluster);
    else if (!cluster.metadata.finalizers?.includes(FINALIZER)) await this.#hold(cluster);
    else if (this.#settled.get(name) !== cluster.metadata.generation) await this.#settle(name, cluster);
    else await this.#tellNews(name, cluster);
  }

  /** The event of this change goes on with it. */
  async #hold(cluster: Cluster): Promise<void> {
    const finalizers = [...(cluster.metadata.finalizers ?? []), FINALIZER];
    await this.#options.client.patch(CLUSTERS, undefined, cluster.metadata.name ?? '', 'merge', {
      metadata: { finalizers, resourceVersion: cluster.metadata.resourceVersion },
    });
  }

  async #settle(name: string, cluster: Cluster): Promise<void> {
    const { host } = this.#options;
    const isNew = cluster.status?.phase === undefined || cluster.status.phase === 'Creating';
    try {
      const settings = settingsOf(cluster);
      const state = isNew ? await host.create(name, settings) : await host.configure(name, settings);
      this.#settled.set(name, cluster.metadata.generation ?? 0);
      await this.#tell(name, cluster, state);
    } catch (error) {
      await this.#tell(name, cluster, { phase: 'failed', message: messageOf(error) });
      throw error;
    }
  }

  async #tellNews(name: string, cluster: Cluster): Promise<void> {
    const news = this.#news.get(name);
    if (!news) return;
    await this.#tell(name, cluster, news);
    if (this.#news.get(name) === news) this.#news.delete(name);
  }

  async #tell(name: string, cluster: Cluster, outcome: Outcome): Promise<void> {
    const { client, clock, url, version } = this.#options;
    const status = clusterStatus(cluster, outcome, { url, version, now: clock.now() });
    if (deepEqual(status, cluster.status)) return;
    await client
      .patch(CLUSTERS, undefined, name, 'merge', { status }, { subresource: 'status' })
      .catch(ignoreMissing);
  }

  async #remove(cluster: Cluster): Promise<void> {
    const { name = '', finalizers = [] } = cluster.metadata;
    if (!finalizers.includes(FINALIZER)) return;
    await this.#options.host.remove(name);
    this.#news.delete(name);
    const left = finalizers.filter((finalizer) => finalizer !== FINALIZER);
    await this.#options.client
      .patch<KubeObject>(CLUSTERS, undefined, name, 'merge', { metadata: { finalizers: left } })
      .catch(ignoreMissing);
  }
}

function settingsOf({ spec = {} }: Cluster): GuestSettings {
  return {
    idleMs: 1000 * (spec.idleSeconds ?? DEFAULT_IDLE_SECONDS),
    paused: spec.paused ?? false,
    isSandboxed: spec.trust === 'sandboxed',
    isDeleted: spec.deletion !== undefined,
    quota: {
      ...(spec.quota?.objects === undefined ? {} : { objects: spec.quota.objects }),
      ...(spec.quota?.bytes === undefined ? {} : { bytes: spec.quota.bytes }),
    },
  };
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof StatusError) || error.code !== 404) throw error;
}
