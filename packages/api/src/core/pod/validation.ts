import type * as k8s from '../../generated/types.ts';
import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { append } from '../../validation/append.ts';
import { semanticEqual } from '../../validation/immutable.ts';
import { inclusiveRangeError } from '../../validation/messages.ts';
import { allowedForUpdate } from './allowed.ts';
import {
  MIRROR_POD,
  validateAnnotationUpdates,
  validatePodAnnotations,
  validateProfilesMatch,
} from './annotations.ts';
import { checkImagePadding } from './container.ts';
import { validateGatedChanges } from './gated.ts';
import { validatePodSpec } from './pod-spec.ts';
import { validateTolerations } from './scheduling.ts';
import { specDiff } from './spec-diff.ts';
import type { Errors } from './types.ts';

const MAX_INT32 = 2 ** 31 - 1;
const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

export const specOf = (pod: KubeObject): k8s.PodSpec => (pod.spec ?? {}) as k8s.PodSpec;

/** validatePodMetadataAndSpec, less the generic metadata. */
function validateWhole(pod: KubeObject, old: KubeObject | undefined): Errors {
  const errors: Errors = [];
  const spec = specOf(pod);
  const allowed = allowedForUpdate(old && specOf(old), old?.metadata as k8s.ObjectMeta | undefined);
  const context = { isPod: true, meta: pod.metadata as k8s.ObjectMeta, allowed };
  validatePodAnnotations(pod.metadata.annotations, spec, 'metadata.annotations', context, errors);
  validatePodSpec(spec, 'spec', context, errors);
  if (!spec.serviceAccountName) forbidTokenVolumes(spec, errors);
  spec.containers?.forEach((container, i) => {
    checkImagePadding(container, `spec.containers[${i}]`, errors);
  });
  spec.initContainers?.forEach((container, i) => {
    checkImagePadding(container, `spec.initContainers[${i}]`, errors);
  });
  return errors;
}

function forbidTokenVolumes(spec: k8s.PodSpec, errors: Errors): void {
  spec.volumes?.forEach((volume, i) => {
    volume.projected?.sources?.forEach((source, j) => {
      if (source.serviceAccountToken === undefined) return;
      const field = `spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`;
      errors.push(forbidden(field, 'must not be specified when serviceAccountName is not set'));
    });
  });
}

/** ValidatePodCreate. */
export function validatePodCreate(pod: KubeObject): FieldError[] {
  const errors = validateWhole(pod, undefined);
  const spec = specOf(pod);
  if (spec.ephemeralContainers?.length) {
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if (spec.nodeName && spec.schedulingGates?.length) {
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  validateProfilesMatch(pod.metadata.annotations, spec, 'spec', errors);
  return errors;
}

/** ValidatePodUpdate: only images, deadlines and tolerations change, and more while the pod is gated. */
export function validatePodUpdate(pod: KubeObject, old: KubeObject): FieldError[] {
  const errors = validateWhole(pod, old);
  validateAnnotationUpdates(
    pod.metadata.annotations,
    old.metadata.annotations,
    'metadata.annotations',
    errors,
  );
  const spec = specOf(pod);
  const oldSpec = specOf(old);
  for (const list of ['containers', 'initContainers'] as const) {
    if (!validateImages(spec[list] ?? [], oldSpec[list] ?? [], `spec.${list}`, errors)) return errors;
  }
  if (!validateDeadline(spec, oldSpec, errors)) return errors;
  validateAddedTolerations(spec.tolerations ?? [], oldSpec.tolerations ?? [], errors);
  validateDeletedGates(spec.schedulingGates ?? [], oldSpec.schedulingGates ?? [], errors);
  if (semanticEqual(spec, oldSpec)) return errors;
  const munged = withOldMutableFields(spec, oldSpec);
  if (oldSpec.schedulingGates?.length) validateGatedChanges(munged, oldSpec, errors);
  if (!semanticEqual(munged, oldSpec)) {
    const detail = `pod updates may not change fields other than ${UPDATABLE}\n${specDiff('core.PodSpec', oldSpec, munged)}`;
    errors.push(forbidden('spec', detail));
  }
  return errors;
}

/** ValidateContainerUpdates; false when the lists cannot be compared further. */
function validateImages(
  containers: readonly k8s.Container[],
  old: readonly k8s.Container[],
  path: string,
  errors: Errors,
): boolean {
  if (containers.length !== old.length) {
    errors.push(forbidden(path, 'pod updates may not add or remove containers'));
    return false;
  }
  containers.forEach((container, i) => {
    if (!container.image) errors.push(required(`${path}[${i}].image`));
    checkImagePadding(container, `${path}[${i}]`, errors);
  });
  return true;
}

/** A deadline may be set, or come nearer. */
function validateDeadline(spec: k8s.PodSpec, old: k8s.PodSpec, errors: Errors): boolean {
  const field = 'spec.activeDeadlineSeconds';
  const { activeDeadlineSeconds: deadline } = spec;
  const { activeDeadlineSeconds: before } = old;
  if (deadline === undefined) {
    if (before !== undefined) {
      errors.push(invalid(field, undefined, 'must not update from a positive integer to nil value'));
    }
    return true;
  }
  if (deadline < 0 || deadline > MAX_INT32) {
    errors.push(invalid(field, deadline, inclusiveRangeError(0, MAX_INT32)));
    return false;
  }
  if (before !== undefined && before < deadline) {
    errors.push(invalid(field, deadline, 'must be less than or equal to previous value'));
    return false;
  }
  return true;
}

const tolerationKey = ({ key, operator, value, effect }: k8s.Toleration): string =>
  JSON.stringify([key ?? '', operator ?? '', value ?? '', effect ?? '']);

function validateAddedTolerations(
  tolerations: readonly k8s.Toleration[],
  old: readonly k8s.Toleration[],
  errors: Errors,
): void {
  const present = new Set(tolerations.map(tolerationKey));
  if (old.some((toleration) => !present.has(tolerationKey(toleration)))) {
    const detail = 'existing toleration can not be modified except its tolerationSeconds';
    errors.push(forbidden('spec.tolerations', detail));
    return;
  }
  append(errors, validateTolerations(tolerations, 'spec.tolerations'));
}

function validateDeletedGates(
  gates: readonly k8s.PodSchedulingGate[],
  old: readonly k8s.PodSchedulingGate[],
  errors: Errors,
): void {
  const known = new Set(old.map((gate) => gate.name));
  gates.forEach(({ name }, i) => {
    if (known.has(name)) return;
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    errors.push(forbidden(`spec.schedulingGates[${i}].name`, detail));
  });
}

/** The new spec with the old values of what may change, to see whether anything else did. */
function withOldMutableFields(spec: k8s.PodSpec, old: k8s.PodSpec): k8s.PodSpec {
  const munged: k8s.PodSpec = { ...spec };
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = spec[list];
    if (!containers) continue;
    munged[list] = containers.map((container, i) => withImage(container, old[list]?.[i]?.image));
  }
  for (const field of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations'] as const)
    take(munged, old, field);
  const grace = old.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0 && spec.terminationGracePeriodSeconds === 1) {
    munged.terminationGracePeriodSeconds = grace;
  }
  return munged;
}

function withImage(container: k8s.Container, image: string | undefined): k8s.Container {
  const copy = { ...container };
  if (image === undefined) delete copy.image;
  else copy.image = image;
  return copy;
}

function take<K extends keyof k8s.PodSpec>(to: k8s.PodSpec, from: k8s.PodSpec, field: K): void {
  if (from[field] === undefined) delete to[field];
  else to[field] = from[field];
}

/** ValidatePodEphemeralContainersUpdate: debugging containers are only added. */
export function validateEphemeralContainersUpdate(pod: KubeObject, old: KubeObject): FieldError[] {
  if (old.metadata.annotations?.[MIRROR_POD] !== undefined) {
    return [forbidden('', 'static pods do not support ephemeral containers')];
  }
  const errors = validateWhole(pod, old);
  validateAnnotationUpdates(
    pod.metadata.annotations,
    old.metadata.annotations,
    'metadata.annotations',
    errors,
  );
  const containers = new Map(
    (specOf(pod).ephemeralContainers ?? []).map((container) => [container.name, container]),
  );
  for (const before of specOf(old).ephemeralContainers ?? []) {
    const name = JSON.stringify(before.name);
    const container = containers.get(before.name);
    if (container === undefined) {
      errors.push(
        forbidden('spec.ephemeralContainers', `existing ephemeral containers ${name} may not be removed\n`),
      );
    } else if (!semanticEqual(before, container)) {
      const diff = specDiff('core.EphemeralContainer', before, container);
      errors.push(
        forbidden(
          'spec.ephemeralContainers',
          `existing ephemeral containers ${name} may not be changed\n${diff}`,
        ),
      );
    }
  }
  return errors;
}

/** The checks of a whole pod, for the resize subresource. */
export const validateResizedPod = validateWhole;
