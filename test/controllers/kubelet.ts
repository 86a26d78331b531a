import type { KubeObject } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import { type Client, Informer, keyOf, REFS, Reconciler, splitKey } from '@sampan/machinery';

/** A pod that carries it ends with this exit code, at once after it started. */
export const EXIT_CODE = 'test/exit-code';
/** The exit code of a pod that runs until it is deleted. */
export const RUNS = '';

/**
 * Plays scheduler and node agent: puts pods on a node, starts them, ends those that say so, and lets deleted ones go.
 */
export function startTestKubelet(client: Client, node: string): { stop(): Promise<void> } {
  const pods = new Informer<KubeObject>({ client, ref: REFS.pods, clock: systemClock, log: silentLogger });
  let last = 0;
  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    if (!pod) return undefined;
    if (!pod.spec.nodeName) {
      await client.create(
        REFS.pods,
        {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name, namespace },
          target: { kind: 'Node', name: node },
        },
        { subresource: 'binding', name },
      );
      return undefined;
    }
    const status = nextStatus(pod, () => `10.244.${++last >> 8}.${last & 255}`);
    if (status) {
      await client.update(
        REFS.pods,
        { ...pod, status: { ...pod.status, ...status } },
        { subresource: 'status' },
      );
      return undefined;
    }
    if (pod.metadata.deletionTimestamp && (pod.metadata.deletionGracePeriodSeconds ?? 0) > 0)
      await client.delete(REFS.pods, namespace, name, { gracePeriodSeconds: 0 });
    return undefined;
  };
  const reconciler = new Reconciler({
    name: 'test-kubelet',
    clock: systemClock,
    log: silentLogger,
    reconcile,
  });
  pods.onChange(({ object }) => reconciler.enqueue(keyOf(object)));
  pods.start();
  reconciler.start();
  return {
    async stop() {
      pods.stop();
      await reconciler.stop();
    },
  };
}

function nextStatus(pod: KubeObject, ip: () => string): object | undefined {
  const { phase, podIP, startTime } = pod.status ?? {};
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  if (phase === 'Succeeded' || phase === 'Failed') return undefined;
  const code = pod.metadata.annotations?.[EXIT_CODE];
  const ends = Boolean(code) || pod.metadata.deletionTimestamp !== undefined;
  if (phase === 'Running' && !ends) return undefined;
  const address = podIP ?? ip();
  const exitCode = ends ? Number(code || 137) : undefined;
  const condition = (type: string) => ({
    type,
    status: ends ? 'False' : 'True',
    lastTransitionTime: now,
  });
  return {
    phase: exitCode === undefined ? 'Running' : exitCode === 0 ? 'Succeeded' : 'Failed',
    podIP: address,
    podIPs: [{ ip: address }],
    startTime: startTime ?? now,
    conditions: ['Ready', 'ContainersReady'].map(condition),
    containerStatuses: (pod.spec.containers as { name: string; image: string }[]).map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready: !ends,
      restartCount: 0,
      state:
        exitCode === undefined
          ? { running: { startedAt: now } }
          : {
              terminated: {
                exitCode,
                reason: exitCode === 0 ? 'Completed' : 'Error',
                startedAt: now,
                finishedAt: now,
              },
            },
    })),
  };
}
