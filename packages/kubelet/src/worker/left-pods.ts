import type { k8s } from '@sampan/api';
import { GRACE_ANNOTATION } from '../pods/container-spec.ts';
import type { PodServices } from './pod-services.ts';

/**
 * What the runtime knows of the pods that it has, as pods that are deleted: enough to end them. Sandboxes of nobody's
 * pod (without a uid) are left alone.
 */
export async function leftPods({
  runtime,
  clock,
}: Pick<PodServices, 'runtime' | 'clock'>): Promise<k8s.Pod[]> {
  const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
  const deletionTimestamp = new Date(clock.now()).toISOString();
  const pods = new Map<string, k8s.Pod>();
  for (const { name, uid, id, labels } of sandboxes) {
    if (uid === '') continue;
    const namespace = labels['io.kubernetes.pod.namespace'] ?? '';
    const graces = containers
      .filter(({ sandboxId }) => sandboxId === id)
      .map(({ annotations }) => Number(annotations[GRACE_ANNOTATION] ?? Number.NaN))
      .filter((grace) => Number.isSafeInteger(grace) && grace >= 0);
    const deletionGracePeriodSeconds = graces.length > 0 ? Math.max(...graces) : 30;
    pods.set(uid, {
      metadata: { name, namespace, uid, deletionTimestamp, deletionGracePeriodSeconds },
      spec: { containers: [] },
    });
  }
  return [...pods.values()];
}
