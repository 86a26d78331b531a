import type { KubeObject } from '@sampan/api';
import { isObject, type Json } from '@sampan/base';

/** An object that a pod or a volume names, as key `KIND:NAMESPACE/NAME`. */
export const referenceKey = (kind: ReferenceKind, namespace: string, name: string): string =>
  `${kind}:${namespace}/${name}`;
export type ReferenceKind =
  | 'secret'
  | 'configmap'
  | 'pvc'
  | 'pv'
  | 'claim'
  | 'account'
  | 'pod'
  | 'va'
  | 'slice';

/** Where a volume's source names a Secret of the pod's namespace (kubernetes pkg/api/v1/pod VisitPodSecretNames). */
const VOLUME_SECRETS: readonly (readonly string[])[] = [
  ['secret', 'secretName'],
  ['azureFile', 'secretName'],
  ['cephfs', 'secretRef', 'name'],
  ['cinder', 'secretRef', 'name'],
  ['csi', 'nodePublishSecretRef', 'name'],
  ['flexVolume', 'secretRef', 'name'],
  ['iscsi', 'secretRef', 'name'],
  ['rbd', 'secretRef', 'name'],
  ['scaleIO', 'secretRef', 'name'],
  ['storageos', 'secretRef', 'name'],
];

/** The keys of all that the node of a pod may read because of it. */
export function podReferences(pod: KubeObject): Set<string> {
  const namespace = pod.metadata.namespace ?? '';
  const spec = pod.spec ?? {};
  const keys = new Set<string>();
  const add = (kind: ReferenceKind, name: unknown): void => {
    if (typeof name === 'string' && name !== '') keys.add(referenceKey(kind, namespace, name));
  };
  // nodes create mirror pods themselves: those must not give them anything
  if (Object.hasOwn(pod.metadata.annotations ?? {}, 'kubernetes.io/config.mirror')) return keys;
  add('account', spec.serviceAccountName);
  for (const secret of spec.imagePullSecrets ?? []) add('secret', secret?.name);
  for (const list of [spec.initContainers, spec.containers, spec.ephemeralContainers]) {
    for (const container of list ?? []) addContainer(container, add);
  }
  for (const volume of spec.volumes ?? []) addVolume(pod, volume, add);
  addResourceClaims(pod, add);
  return keys;
}

type Add = (kind: ReferenceKind, name: unknown) => void;

function addContainer(container: KubeObject, add: Add): void {
  for (const source of container.envFrom ?? []) {
    add('secret', source?.secretRef?.name);
    add('configmap', source?.configMapRef?.name);
  }
  for (const variable of container.env ?? []) {
    add('secret', variable?.valueFrom?.secretKeyRef?.name);
    add('configmap', variable?.valueFrom?.configMapKeyRef?.name);
  }
}

function addVolume(pod: KubeObject, volume: KubeObject, add: Add): void {
  for (const path of VOLUME_SECRETS) add('secret', at(volume as never, path));
  add('configmap', volume.configMap?.name);
  for (const source of volume.projected?.sources ?? []) {
    add('secret', source?.secret?.name);
    add('configmap', source?.configMap?.name);
  }
  if (volume.persistentVolumeClaim) add('pvc', volume.persistentVolumeClaim.claimName);
  else if (volume.ephemeral) add('pvc', `${pod.metadata.name}-${volume.name}`);
}

function addResourceClaims(pod: KubeObject, add: Add): void {
  const made = new Map<string, unknown>();
  for (const status of pod.status?.resourceClaimStatuses ?? [])
    made.set(status?.name, status?.resourceClaimName);
  for (const claim of pod.spec?.resourceClaims ?? [])
    add('claim', claim?.resourceClaimName ?? made.get(claim?.name));
  add('claim', pod.status?.extendedResourceClaimStatus?.resourceClaimName);
}

/** Where a PersistentVolume names Secrets that its node may read (kubernetes pkg/api/v1/persistentvolume). */
const CLAIMED_SOURCES = ['cephfs', 'flexVolume', 'rbd', 'scaleIO', 'iscsi'];
const OWN_SOURCES = ['cinder', 'storageos'];
const CSI_SECRETS = ['nodePublishSecretRef', 'nodeStageSecretRef', 'nodeExpandSecretRef'];

/** The keys of the Secrets that a bound volume names; without a namespace of their own they are the claim's. */
export function volumeSecrets(volume: KubeObject): Set<string> {
  const spec = volume.spec ?? {};
  const claimNamespace: string = spec.claimRef?.namespace ?? '';
  const keys = new Set<string>();
  const add = (namespace: unknown, name: unknown): void => {
    if (typeof name === 'string' && name !== '')
      keys.add(referenceKey('secret', typeof namespace === 'string' ? namespace : '', name));
  };
  if (spec.azureFile) add(spec.azureFile.secretNamespace || claimNamespace, spec.azureFile.secretName);
  for (const source of CLAIMED_SOURCES) {
    const ref = spec[source]?.secretRef;
    if (ref) add(ref.namespace || claimNamespace, ref.name);
  }
  for (const source of OWN_SOURCES) {
    const ref = spec[source]?.secretRef;
    if (ref) add(ref.namespace, ref.name);
  }
  for (const name of CSI_SECRETS) {
    const ref = spec.csi?.[name];
    if (ref) add(ref.namespace, ref.name);
  }
  return keys;
}

function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  let current = value;
  for (const key of path)
    current = isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  return current;
}
