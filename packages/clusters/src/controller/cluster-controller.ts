import { type KubeObject, StatusError } from '@sampan/api';
import { type Clock, deepEqual, type Logger, messageOf } from '@sampan/base';
import { type Client, Informer, Reconciler } from '@sampan/machinery';
import type { GuestHost } from '../guest-host.ts';
import { CLUSTERS, type Cluster, type ClusterPhase, type ClusterStatus } from '../kind/cluster.ts';

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

/** The cluster's files go before its object does. */
const FINALIZER = 'clusters.sampan.dev/files';

/** Makes guest clusters what their objects say. The returned function ends it. */
export function startClusterController(options: ClusterControllerOptions): () => Promise<void> {
  const { client, host, clock, log } = options;
  const clusters = new Informer<Cluster>({ client, ref: CLUSTERS, clock, log });
  const reconciler = new Reconciler({
    name: 'clusters',
    clock,
    log,
    reconcile: async (name) => {
      const cluster = clusters.get('', name);
      if (!cluster) return undefined;
      if (cluster.metadata.deletionTimestamp) await remove(cluster);
      else await ensure(cluster);
      return undefined;
    },
  });
  clusters.onChange(({ type, object }) => {
    if (type !== 'deleted') reconciler.enqueue(object.metadata.name ?? '');
  });
  clusters.start();
  void clusters.synced().then(() => reconciler.start());
  return async () => {
    clusters.stop();
    await reconciler.stop();
  };

  async function ensure(cluster: Cluster): Promise<void> {
    const name = cluster.metadata.name ?? '';
    const finalizers = cluster.metadata.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) {
      const patch = { metadata: { finalizers: [...finalizers, FINALIZER] } };
      await client.patch(CLUSTERS, undefined, name, 'merge', patch);
      // its new version comes as an event
      return;
    }
    if (cluster.status?.phase === 'Running') return;
    try {
      await host.create(name);
      await tell(cluster, 'Running', 'Serving', 'the cluster serves');
    } catch (error) {
      await tell(cluster, 'Failed', 'CannotOpen', messageOf(error));
      throw error;
    }
  }

  async function remove(cluster: Cluster): Promise<void> {
    const name = cluster.metadata.name ?? '';
    const finalizers = cluster.metadata.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) return;
    await host.remove(name);
    const left = finalizers.filter((finalizer) => finalizer !== FINALIZER);
    await client
      .patch<KubeObject>(CLUSTERS, undefined, name, 'merge', { metadata: { finalizers: left } })
      .catch((error: unknown) => {
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      });
  }

  async function tell(cluster: Cluster, phase: ClusterPhase, reason: string, message: string): Promise<void> {
    const name = cluster.metadata.name ?? '';
    const status = phase === 'Running' ? 'True' : 'False';
    const old = cluster.status?.conditions?.find(({ type }) => type === 'Ready');
    const generation = cluster.metadata.generation;
    const next: ClusterStatus = {
      ...cluster.status,
      phase,
      endpoint: `${options.url}/clusters/${name}`,
      version: options.version,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      conditions: [
        {
          type: 'Ready',
          status,
          reason,
          message,
          lastTransitionTime:
            old?.status === status
              ? old.lastTransitionTime
              : `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
          ...(generation === undefined ? {} : { observedGeneration: generation }),
        },
      ],
    };
    if (deepEqual(next, cluster.status)) return;
    await client.patch(CLUSTERS, undefined, name, 'merge', { status: next }, { subresource: 'status' });
  }
}
