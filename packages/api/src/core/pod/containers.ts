import type * as k8s from '../../generated/types.ts';
import type { AnyContainer } from './types.ts';

const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** Calls `visit` for init, regular and ephemeral containers in upstream's order (VisitContainersWithPath). */
export function visitContainers(
  spec: k8s.PodSpec,
  path: string,
  visit: (container: AnyContainer, path: string) => void,
): void {
  for (const list of LISTS) {
    spec[list]?.forEach((container, i) => {
      visit(container as AnyContainer, `${path}.${list}[${i}]`);
    });
  }
}

/** A sidecar: an init container that keeps running (KEP-753). */
export function isSidecar(container: k8s.Container): boolean {
  return container.restartPolicy === 'Always';
}

export function hasContainer(spec: k8s.PodSpec, name: string): boolean {
  return LISTS.some((list) => spec[list]?.some((container) => container.name === name));
}
