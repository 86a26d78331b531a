import type { k8s } from '@sampan/api';

export type ContainerKind = 'init' | 'sidecar' | 'regular' | 'ephemeral';

/** A container of a pod's spec with its part in the pod. */
export interface ContainerSpec {
  readonly kind: ContainerKind;
  readonly container: k8s.Container;
}

/** A restartable init container (KEP-753): it starts among the init containers and runs beside the regular ones. */
export function isSidecar(container: k8s.Container): boolean {
  return container.restartPolicy === 'Always';
}

/** Init containers and sidecars in their order, then the regular ones, then the ephemeral ones. */
export function containerSpecs(spec: k8s.PodSpec): ContainerSpec[] {
  return [
    ...(spec.initContainers ?? []).map(
      (container): ContainerSpec => ({ kind: isSidecar(container) ? 'sidecar' : 'init', container }),
    ),
    ...(spec.containers ?? []).map((container): ContainerSpec => ({ kind: 'regular', container })),
    ...(spec.ephemeralContainers ?? []).map(
      (container): ContainerSpec => ({ kind: 'ephemeral', container: container as k8s.Container }),
    ),
  ];
}

/** The annotation on a container by which a change of its spec is seen (kuberuntime labels.go). */
export const HASH_ANNOTATION = 'io.kubernetes.container.hash';

/** What a container was made with of CPU and memory, as JSON. */
export const RESOURCES_ANNOTATION = 'sampan.io/container.resources';

/** The grace of its pod in seconds, for those whose spec is not known any more. */
export const GRACE_ANNOTATION = 'io.kubernetes.pod.terminationGracePeriod';

/** FNV-1a, 32 bits, of what may change in place and needs a new container: its image. */
export function containerHash(container: k8s.Container): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify({ image: container.image ?? '', name: container.name }))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16);
}
