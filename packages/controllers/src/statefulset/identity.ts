import type { k8s } from '@sampan/api';
import type { Pod, StatefulSet } from '../workloads/objects.ts';
import { podFromTemplate } from '../workloads/pod-control.ts';
import { REVISION_LABEL } from '../workloads/revisions.ts';

const NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const INDEX_LABEL = 'apps.kubernetes.io/pod-index';
const MOST_ORDINAL = 2 ** 31 - 1;

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`;

/** The number at the end of a pod's name, when what is before it is the set's; else -1. */
export function ordinalOf(set: StatefulSet, pod: Pod): number {
  const name = pod.metadata.name ?? '';
  const prefix = `${set.metadata.name}-`;
  const digits = name.slice(prefix.length);
  if (!name.startsWith(prefix) || !/^[0-9]{1,10}$/.test(digits)) return -1;
  const ordinal = Number(digits);
  return ordinal <= MOST_ORDINAL ? ordinal : -1;
}

export const isMember = (set: StatefulSet, pod: Pod): boolean => ordinalOf(set, pod) >= 0;

export const startOrdinal = (set: StatefulSet): number => set.spec.ordinals?.start ?? 0;
export const replicasOf = (set: StatefulSet): number => set.spec.replicas ?? 1;

export function isInRange(set: StatefulSet, ordinal: number): boolean {
  return ordinal >= startOrdinal(set) && ordinal < startOrdinal(set) + replicasOf(set);
}

export const revisionOf = (pod: Pod): string => pod.metadata.labels?.[REVISION_LABEL] ?? '';

export const claimName = (set: StatefulSet, template: k8s.PersistentVolumeClaim, ordinal: number): string =>
  `${template.metadata?.name}-${podName(set, ordinal)}`;

/** The pod of an ordinal: name, host name and volumes stay its own whatever becomes of it. */
export function newPod(
  set: StatefulSet,
  template: k8s.PodTemplateSpec,
  revision: string,
  ordinal: number,
): Pod {
  const name = podName(set, ordinal);
  const pod = podFromTemplate(set, template);
  return withStorage(set, {
    ...pod,
    metadata: {
      ...pod.metadata,
      name,
      labels: { ...identityLabels(pod.metadata.labels, name, ordinal), [REVISION_LABEL]: revision },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
    },
  });
}

const identityLabels = (labels: Record<string, string> | undefined, name: string, ordinal: number) => ({
  ...labels,
  [NAME_LABEL]: name,
  [INDEX_LABEL]: String(ordinal),
});

export const hasIdentity = (pod: Pod): boolean => pod.metadata.labels?.[NAME_LABEL] === pod.metadata.name;

export function withIdentity(set: StatefulSet, pod: Pod): Pod {
  const { name = '', labels } = pod.metadata;
  return { ...pod, metadata: { ...pod.metadata, labels: identityLabels(labels, name, ordinalOf(set, pod)) } };
}

/** Does the pod use the claims that its ordinal has? */
export function hasStorage(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(set, pod);
  return (set.spec.volumeClaimTemplates ?? []).every((template) => {
    const volume = pod.spec.volumes?.find(({ name }) => name === template.metadata?.name);
    return volume?.persistentVolumeClaim?.claimName === claimName(set, template, ordinal);
  });
}

/** Volumes of the claims take the place of the template's of the same name. */
export function withStorage(set: StatefulSet, pod: Pod): Pod {
  const templates = set.spec.volumeClaimTemplates ?? [];
  if (templates.length === 0) return pod;
  const ordinal = ordinalOf(set, pod);
  const claimed = templates.map((template) => ({
    name: template.metadata?.name ?? '',
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }));
  const names = new Set(claimed.map(({ name }) => name));
  const others = (pod.spec.volumes ?? []).filter(({ name }) => !names.has(name));
  return { ...pod, spec: { ...pod.spec, volumes: [...claimed, ...others] } };
}
