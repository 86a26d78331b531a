import type { k8s } from '@sampan/api';
import { type Client, REFS } from '@sampan/machinery';
import { ignore } from '../controller.ts';
import { formatTime } from '../time.ts';
import type { Pod } from '../workloads/objects.ts';
import { isTerminal } from '../workloads/pod-state.ts';

export interface Disruption {
  /** Why the pod goes, for the condition `DisruptionTarget` (KEP-3329); absent: none is set. */
  readonly reason?: string;
  readonly message?: string;
  /** Its node cannot tell how it ended: it failed, and goes at once. */
  readonly force: boolean;
}

/** Tells the pod why it goes, and deletes it. */
export async function disruptPod(
  client: Client,
  pod: Pod,
  { reason, message = '', force }: Disruption,
  now: number,
): Promise<void> {
  const { namespace, name = '', uid = '' } = pod.metadata;
  const fails = force && !isTerminal(pod);
  const told = pod.status?.conditions?.some(
    (condition) =>
      condition.type === 'DisruptionTarget' && condition.status === 'True' && condition.reason === reason,
  );
  const conditions: k8s.PodCondition[] = [];
  if (reason !== undefined && !told && !isTerminal(pod)) {
    const lastTransitionTime = formatTime(now);
    conditions.push({ type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime });
  }
  if (fails || conditions.length > 0) {
    const status = {
      ...(fails ? { phase: 'Failed' } : {}),
      ...(conditions.length > 0 ? { conditions } : {}),
    };
    await client
      .patch(
        REFS.pods,
        namespace,
        name,
        'strategic',
        { metadata: { uid }, status },
        { subresource: 'status' },
      )
      .catch(ignore('NotFound'));
  }
  const grace = force ? { gracePeriodSeconds: 0 } : {};
  await client
    .delete(REFS.pods, namespace, name, { ...grace, preconditions: { uid } })
    .catch(ignore('NotFound', 'Conflict'));
}
