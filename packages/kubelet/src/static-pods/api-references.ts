import type { k8s } from '@sampan/api';

type Field<T> = readonly [what: string, names: (part: T) => unknown];

const OF_VOLUMES: readonly Field<k8s.Volume>[] = [
  ['secrets', ({ secret, projected }) => secret ?? source(projected, 'secret')],
  ['configmaps', ({ configMap, projected }) => configMap ?? source(projected, 'configMap')],
  ['serviceaccounts', ({ projected }) => source(projected, 'serviceAccountToken')],
  ['clustertrustbundles', ({ projected }) => source(projected, 'clusterTrustBundle')],
  ['persistentvolumeclaims', ({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral],
  ['CSIDrivers', ({ csi }) => csi],
];

const OF_CONTAINERS: readonly Field<k8s.Container>[] = [
  ['configmaps', ({ envFrom = [] }) => envFrom.find(({ configMapRef }) => configMapRef)],
  ['secrets', ({ envFrom = [] }) => envFrom.find(({ secretRef }) => secretRef)],
  ['configmaps', ({ env = [] }) => env.find(({ valueFrom }) => valueFrom?.configMapKeyRef)],
  ['secrets', ({ env = [] }) => env.find(({ valueFrom }) => valueFrom?.secretKeyRef)],
];

const OF_PODS: readonly Field<k8s.PodSpec>[] = [
  ['serviceaccounts', ({ serviceAccountName }) => serviceAccountName],
  ['secrets', ({ imagePullSecrets = [] }) => imagePullSecrets[0]],
  ['resourceclaims', ({ resourceClaims = [] }) => resourceClaims[0]],
  ['ephemeral containers', ({ ephemeralContainers = [] }) => ephemeralContainers[0]],
];

/**
 * What of the API a pod needs, which a pod of a file cannot have: it runs without the API (podutil
 * HasAPIObjectReference). undefined: nothing.
 */
export function apiReference(spec: k8s.PodSpec): string | undefined {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  return first(OF_PODS, [spec]) ?? first(OF_VOLUMES, spec.volumes ?? []) ?? first(OF_CONTAINERS, containers);
}

function first<T>(fields: readonly Field<T>[], parts: readonly T[]): string | undefined {
  return fields.find(([, names]) => parts.some((part) => Boolean(names(part))))?.[0];
}

function source(
  projected: k8s.ProjectedVolumeSource | undefined,
  kind: keyof k8s.VolumeProjection,
): k8s.VolumeProjection | undefined {
  return projected?.sources?.find((each) => each[kind]);
}
