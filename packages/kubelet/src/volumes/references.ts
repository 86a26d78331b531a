import type { k8s } from '@sampan/api';
import { containerSpecs } from '../pods/container-spec.ts';
import type { VolumeTask } from './context.ts';
import type { SourceKind } from './volume-sources.ts';

/** `KIND/NAME` of what is named, in the pod's namespace. */
export type Reference = `${SourceKind}/${string}`;

/** The config maps and secrets that a volume shows. */
export function volumeReferences({ configMap, secret, projected }: k8s.Volume): Reference[] {
  const parts: k8s.VolumeProjection[] = [
    ...(configMap ? [{ configMap: { name: configMap.name ?? '' } }] : []),
    ...(secret ? [{ secret: { name: secret.secretName ?? '' } }] : []),
    ...(projected?.sources ?? []),
  ];
  return parts.flatMap((part) => [
    ...(part.configMap ? [`ConfigMap/${part.configMap.name ?? ''}` as const] : []),
    ...(part.secret ? [`Secret/${part.secret.name ?? ''}` as const] : []),
  ]);
}

/** All config maps and secrets that a pod names: volumes, environments, image pull secrets. */
export function podReferences({ spec = { containers: [] } }: k8s.Pod): Set<Reference> {
  const containers = containerSpecs(spec).map(({ container }) => container);
  return new Set([
    ...(spec.volumes ?? []).flatMap(volumeReferences),
    ...containers.flatMap(environmentReferences),
    ...(spec.imagePullSecrets ?? []).map(({ name }) => `Secret/${name ?? ''}` as const),
  ]);
}

export function environmentReferences({ env, envFrom }: k8s.Container): Reference[] {
  const sources = [...(env ?? []).map(({ valueFrom }) => valueFrom ?? {}), ...(envFrom ?? [])];
  return sources.flatMap((source: k8s.EnvVarSource & k8s.EnvFromSource) => {
    const map = source.configMapKeyRef ?? source.configMapRef;
    const secret = source.secretKeyRef ?? source.secretRef;
    return [
      ...(map ? [`ConfigMap/${map.name ?? ''}` as const] : []),
      ...(secret ? [`Secret/${secret.name ?? ''}` as const] : []),
    ];
  });
}

/** The volumes that containers use, and how; others are left alone. */
export function usedVolumes({ spec = { containers: [] } }: k8s.Pod): Omit<VolumeTask, 'pod'>[] {
  const containers = containerSpecs(spec).map(({ container }) => container);
  const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts ?? []);
  const devices = new Set(containers.flatMap((each) => (each.volumeDevices ?? []).map(({ name }) => name)));
  return (spec.volumes ?? []).flatMap((volume) => {
    const own = mounts.filter(({ name }) => name === volume.name);
    const asDevice = devices.has(volume.name);
    if (own.length === 0 && !asDevice) return [];
    const propagates = own.some(({ mountPropagation = 'None' }) => mountPropagation !== 'None');
    return [{ volume, mounted: own.length > 0, asDevice, propagates }];
  });
}
