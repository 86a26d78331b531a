import type { KubeObject } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import { type Client, Informer, REFS } from '@sampan/machinery';

export interface PlayedKubelet {
  /** Containers of pods for which this says true become ready; default all. May be set at any time. */
  ready: (pod: KubeObject) => boolean;
  /** How long pods take to end. */
  graceMs: number;
  /** Looks at every pod again, after `ready` changed its mind. */
  look(): void;
  stop(): Promise<void>;
}

/**
 * Plays scheduler and kubelet: puts pods on `node` (or on the one that a DaemonSet chose), says that they run, and
 * lets go of those that are deleted.
 */
export function playKubelet(client: Client, node = 'paper'): PlayedKubelet {
  const pods = new Informer<KubeObject>({ client, ref: REFS.pods, clock: systemClock, log: silentLogger });
  const running = new Set<Promise<unknown>>();
  let stopped = false;
  const tend = (pod: KubeObject): void => {
    if (stopped) return;
    // what changed meanwhile comes again
    const work = step(client, pod, node, played)
      .catch(() => {})
      .finally(() => running.delete(work));
    running.add(work);
  };
  const played: PlayedKubelet = {
    ready: () => true,
    graceMs: 0,
    look() {
      for (const pod of pods.list()) tend(pod);
    },
    async stop() {
      stopped = true;
      pods.stop();
      await Promise.all(running);
    },
  };
  pods.onChange(({ type, object }) => {
    if (type !== 'deleted') tend(object);
  });
  pods.start();
  return played;
}

async function step(client: Client, pod: KubeObject, node: string, played: PlayedKubelet): Promise<void> {
  const { namespace, name = '', uid, deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, played.graceMs));
    const preconditions = uid === undefined ? {} : { uid };
    await client.delete(REFS.pods, namespace, name, { gracePeriodSeconds: 0, preconditions });
    return;
  }
  if (!pod.spec.nodeName) {
    const binding: KubeObject = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, ...(namespace ? { namespace } : {}) },
      target: { kind: 'Node', name: wantedNode(pod) ?? node },
    };
    await client.create(REFS.pods, binding, { subresource: 'binding', name });
    return;
  }
  const status = played.ready(pod) ? 'True' : 'False';
  const is = pod.status?.conditions?.find(({ type }: { type: string }) => type === 'Ready')?.status;
  if (is === status || ['Succeeded', 'Failed'].includes(pod.status?.phase)) return;
  const lastTransitionTime = `${new Date().toISOString().slice(0, 19)}Z`;
  const conditions = [{ type: 'Ready', status, lastTransitionTime }];
  const patch = { status: { phase: 'Running', conditions } };
  await client.patch(REFS.pods, namespace, name, 'strategic', patch, { subresource: 'status' });
}

function wantedNode(pod: KubeObject): string | undefined {
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return terms?.nodeSelectorTerms?.[0]?.matchFields?.[0]?.values?.[0];
}
