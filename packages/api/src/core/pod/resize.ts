import type * as k8s from '../../generated/types.ts';
import { type FieldError, forbidden, invalid } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { semanticEqual } from '../../validation/immutable.ts';
import { MIRROR_POD } from './annotations.ts';
import { isSidecar } from './containers.ts';
import { podQOS } from './qos.ts';
import type { Errors } from './types.ts';
import { specOf, validateResizedPod } from './validation.ts';

type ResourceList = Record<string, string> | undefined;

const ONLY = 'only cpu and memory resources are mutable';
const ONLY_SIDECAR = 'only cpu and memory resources for sidecar containers are mutable';
const NOT_INIT = 'resources for non-sidecar init containers are immutable';

/** ValidatePodResize: CPU and memory of a pod in place (KEP-1287). */
export function validatePodResize(pod: KubeObject, old: KubeObject): FieldError[] {
  const spec = specOf(pod);
  const oldSpec = specOf(old);
  if (old.metadata.annotations?.[MIRROR_POD] !== undefined)
    return [forbidden('', 'static pods cannot be resized')];
  if (oldSpec.os?.name === 'windows') return [forbidden('', 'windows pods cannot be resized')];
  const errors = validateResizedPod(pod, old);
  for (const list of ['containers', 'initContainers'] as const) {
    if ((spec[list]?.length ?? 0) === (oldSpec[list]?.length ?? 0)) continue;
    errors.push(forbidden(`spec.${list}`, 'pod resize may not add or remove containers'));
    return errors;
  }
  const before = (old.status?.qosClass as string | undefined) ?? podQOS(oldSpec);
  if (before !== podQOS(spec)) {
    errors.push(
      invalid('spec', pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'),
    );
  }
  if (!isSupported(old)) errors.push(forbidden('spec', 'Pod running on node without support for resize'));
  validateRemovals(spec, oldSpec, errors);
  const munged = validateContainers(spec, oldSpec, errors);
  if (errors.length === 0 && !semanticEqual(munged, oldSpec)) errors.push(forbidden('spec', ONLY));
  return errors;
}

/** A node that reports what running containers have can change it. */
function isSupported(pod: KubeObject): boolean {
  const statuses = (pod.status?.containerStatuses ?? []) as k8s.ContainerStatus[];
  const running = statuses.find((status) => status.state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

function validateRemovals(spec: k8s.PodSpec, old: k8s.PodSpec, errors: Errors): void {
  old.initContainers?.forEach((container, i) => {
    if (!isSidecar(container)) return;
    checkRemoved(
      spec.initContainers?.[i]?.resources,
      container.resources,
      `spec.initContainers[${i}].resources`,
      errors,
    );
  });
  old.containers?.forEach((container, i) => {
    checkRemoved(
      spec.containers?.[i]?.resources,
      container.resources,
      `spec.containers[${i}].resources`,
      errors,
    );
  });
  checkRemoved(spec.resources, old.resources, 'spec.resources', errors);
}

function checkRemoved(
  resources: k8s.ResourceRequirements | undefined,
  old: k8s.ResourceRequirements | undefined,
  path: string,
  errors: Errors,
): void {
  for (const kind of ['requests', 'limits'] as const) {
    const left = resources?.[kind] ?? {};
    if (Object.keys(old?.[kind] ?? {}).every((name) => Object.hasOwn(left, name))) continue;
    errors.push(forbidden(`${path}.${kind}`, `resource ${kind} cannot be removed`));
  }
}

/** Answers the spec with the old CPU and memory, which then must equal the old spec. */
function validateContainers(spec: k8s.PodSpec, old: k8s.PodSpec, errors: Errors): k8s.PodSpec {
  const munged: k8s.PodSpec = { ...spec };
  if (spec.containers) {
    munged.containers = spec.containers.map((container, i) => {
      const copy = withOldAmounts(container, old.containers?.[i]);
      if (!semanticEqual(copy, old.containers?.[i])) errors.push(forbidden('spec', ONLY));
      return copy;
    });
  }
  if (spec.initContainers) {
    munged.initContainers = spec.initContainers.map((container, i) => {
      const before = old.initContainers?.[i];
      const sidecar = isSidecar(container);
      const copy = sidecar ? withOldAmounts(container, before) : container;
      if (!semanticEqual(copy, before)) errors.push(forbidden('spec', sidecar ? ONLY_SIDECAR : NOT_INIT));
      return copy;
    });
  }
  if (spec.resources !== undefined) munged.resources = oldAmounts(spec.resources, old.resources);
  return munged;
}

function withOldAmounts(container: k8s.Container, old: k8s.Container | undefined): k8s.Container {
  return { ...container, resources: oldAmounts(container.resources, old?.resources) };
}

function oldAmounts(
  resources: k8s.ResourceRequirements | undefined,
  old: k8s.ResourceRequirements | undefined,
): k8s.ResourceRequirements {
  return {
    ...resources,
    limits: oldList(resources?.limits, old?.limits),
    requests: oldList(resources?.requests, old?.requests),
  };
}

function oldList(list: ResourceList, old: ResourceList): Record<string, string> {
  const copy = { ...list };
  for (const name of ['cpu', 'memory']) {
    if (old !== undefined && Object.hasOwn(old, name)) copy[name] = old[name] as string;
    else delete copy[name];
  }
  return copy;
}
