import type { Pod } from './types.ts';

type Patch = { readonly status: object };

/** A strategic patch that says why a pod has no node. */
export function podScheduledPatch(pod: Pod, reason: string, message: string, now: number): Patch {
  const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const at = new Date(now).toISOString().replace(/\.\d+/, '');
  const { generation } = pod.metadata;
  return {
    status: {
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason,
          message,
          lastProbeTime: null,
          lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : at,
          ...(generation === undefined ? {} : { observedGeneration: generation }),
        },
      ],
    },
  };
}

/** As above for a pod that no node takes, with the node that room is made on; undefined: it says so already. */
export function sayUnschedulable(
  pod: Pod,
  message: string,
  nominatedNode: string,
  now: number,
): Patch | undefined {
  const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const isSame =
    before?.status === 'False' && before.reason === 'Unschedulable' && before.message === message;
  const isNominated = (pod.status?.nominatedNodeName ?? '') === nominatedNode;
  if (isSame && isNominated) return undefined;
  const { status } = podScheduledPatch(pod, 'Unschedulable', message, now);
  return { status: isNominated ? status : { ...status, nominatedNodeName: nominatedNode || null } };
}
