import type { k8s } from '@sampan/api';
import type { DaemonSet, Pod } from '../workloads/objects.ts';
import { REVISION_LABEL } from '../workloads/revisions.ts';

const GENERATION_LABEL = 'pod-template-generation';
const GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation';
const NODE_NAME_FIELD = 'metadata.name';

/** Taints that pods of DaemonSets bear, since a node's own services must run when it is not well. */
const TOLERATED: readonly (readonly [key: string, effect: string])[] = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
];
const TOLERATED_ON_HOST_NETWORK = ['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const;

/** The template's tolerations and those of all DaemonSets (AddOrUpdateDaemonPodTolerations). */
export function daemonTolerations(spec: k8s.PodSpec | undefined): k8s.Toleration[] {
  const own = spec?.tolerations ?? [];
  const wanted = spec?.hostNetwork ? [...TOLERATED, TOLERATED_ON_HOST_NETWORK] : TOLERATED;
  const added = wanted.filter(
    ([key, effect]) =>
      !own.some((one) => one.key === key && one.effect === effect && one.operator === 'Exists' && !one.value),
  );
  return [...own, ...added.map(([key, effect]) => ({ key, operator: 'Exists', effect }))];
}

/** The template of the set's pods on a node. */
export function templateFor(set: DaemonSet, hash: string, node: string): k8s.PodTemplateSpec {
  const { metadata, spec } = set.spec.template;
  const generation = generationOf(set);
  return {
    metadata: {
      ...metadata,
      labels: {
        ...metadata?.labels,
        ...(generation === undefined ? {} : { [GENERATION_LABEL]: generation }),
        [REVISION_LABEL]: hash,
      },
    },
    spec: { ...spec, affinity: onNode(spec?.affinity, node), tolerations: daemonTolerations(spec) },
  };
}

/** Binds to one node by affinity, so that the scheduler still checks that there is room. */
function onNode(affinity: k8s.Affinity | undefined, node: string): k8s.Affinity {
  const matchFields = [{ key: NODE_NAME_FIELD, operator: 'In', values: [node] }];
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
}

/** The node that a pod is on or meant for; undefined when it is meant for none. */
export function targetNode(pod: Pod): string | undefined {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const { matchFields = [] } of required?.nodeSelectorTerms ?? []) {
    const field = matchFields.find(({ key, operator }) => key === NODE_NAME_FIELD && operator === 'In');
    if (field) return field.values?.length === 1 ? field.values[0] : undefined;
  }
  return undefined;
}

function generationOf(set: DaemonSet): string | undefined {
  const text = set.metadata.annotations?.[GENERATION_ANNOTATION];
  return text !== undefined && /^-?\d+$/.test(text) ? text : undefined;
}

/** Is the pod made of the present template? Pods from before revisions tell a generation instead. */
export function isUpdated(set: DaemonSet, pod: Pod, hash: string): boolean {
  const own = pod.metadata.labels?.[REVISION_LABEL];
  if (own !== undefined) return own === hash;
  const generation = generationOf(set);
  return generation !== undefined && pod.metadata.labels?.[GENERATION_LABEL] === generation;
}
