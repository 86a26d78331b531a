import { deepClone } from '@sampan/base';
import type * as k8s from '../../generated/types.ts';
import type { ValidateContext } from '../../kinds/resource.ts';
import type { KubeObject } from '../../meta/object.ts';
import { semanticEqual } from '../../validation/immutable.ts';
import { APPARMOR_PREFIX } from './annotations.ts';
import { visitContainers } from './containers.ts';
import { podQOS } from './qos.ts';
import { validateAppArmorProfile } from './security-context.ts';
import type { Errors } from './types.ts';
import { specOf } from './validation.ts';

/** podStrategy.PrepareForCreate. */
export function preparePodForCreate(pod: KubeObject, context: ValidateContext): void {
  const spec = specOf(pod);
  pod.status = { phase: 'Pending', qosClass: podQOS(spec), ...gatedStatus(spec, context) };
  mergeLabelKeys(spec, pod.metadata.labels ?? {});
  syncAppArmor(spec, pod.metadata.annotations);
}

/** A gated pod says why it is not scheduled (KEP-3521). */
function gatedStatus(spec: k8s.PodSpec, { now }: ValidateContext): { conditions?: k8s.PodCondition[] } {
  if (!spec.schedulingGates?.length) return {};
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    lastProbeTime: null,
    lastTransitionTime: `${new Date(now).toISOString().slice(0, 19)}Z`,
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  };
  return { conditions: [condition as unknown as k8s.PodCondition] };
}

/** Turns matchLabelKeys and mismatchLabelKeys into expressions with the values of the pod's own labels. */
function mergeLabelKeys(spec: k8s.PodSpec, labels: Readonly<Record<string, string>>): void {
  const merge = (
    selector: k8s.LabelSelector | undefined,
    keys: readonly string[] | undefined,
    operator: 'In' | 'NotIn',
  ): void => {
    if (selector === undefined || !keys?.length) return;
    const own = keys.filter((key) => Object.hasOwn(labels, key));
    if (own.length === 0) return;
    selector.matchExpressions = [
      ...(selector.matchExpressions ?? []),
      ...own.map((key) => ({ key, operator, values: [labels[key] as string] })),
    ];
  };
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const term of [...preferred.map((weighted) => weighted.podAffinityTerm), ...terms]) {
      merge(term?.labelSelector, term?.matchLabelKeys, 'In');
      merge(term?.labelSelector, term?.mismatchLabelKeys, 'NotIn');
    }
  }
  for (const constraint of spec.topologySpreadConstraints ?? []) {
    merge(constraint.labelSelector, constraint.matchLabelKeys, 'In');
  }
}

/** The profile that the old annotation names; undefined when it names none. */
export function appArmorFromAnnotation(value: string): k8s.AppArmorProfile | undefined {
  if (value === 'unconfined') return { type: 'Unconfined' };
  if (value === 'runtime/default') return { type: 'RuntimeDefault' };
  if (!value.startsWith('localhost/')) return undefined;
  const profile = { type: 'Localhost', localhostProfile: value.slice('localhost/'.length) };
  const errors: Errors = [];
  validateAppArmorProfile(profile, '', errors);
  return errors.length > 0 ? undefined : profile;
}

/** Moves AppArmor annotations to the field that replaced them (KEP-24, "Version skew"). */
function syncAppArmor(spec: k8s.PodSpec, annotations: Record<string, string> | undefined): void {
  if (annotations === undefined || spec.os?.name === 'windows') return;
  visitContainers(spec, '', (container) => {
    const key = APPARMOR_PREFIX + container.name;
    if (!Object.hasOwn(annotations, key) || container.securityContext?.appArmorProfile !== undefined) return;
    const profile = appArmorFromAnnotation(annotations[key] as string);
    if (profile === undefined || semanticEqual(profile, spec.securityContext?.appArmorProfile)) return;
    container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  });
}

/** podStatusStrategy.PrepareForUpdate: only status and some metadata change. */
export function preparePodStatus(pod: KubeObject, old: KubeObject): void {
  pod.spec = old.spec;
  const { deletionTimestamp, ownerReferences } = old.metadata;
  if (deletionTimestamp === undefined) delete pod.metadata.deletionTimestamp;
  else pod.metadata.deletionTimestamp = deletionTimestamp;
  if (ownerReferences === undefined) delete pod.metadata.ownerReferences;
  else pod.metadata.ownerReferences = ownerReferences;
  const status = (pod.status ?? {}) as k8s.PodStatus;
  const oldStatus = (old.status ?? {}) as k8s.PodStatus;
  pod.status = status;
  if (!status.qosClass && oldStatus.qosClass) status.qosClass = oldStatus.qosClass;
  syncPodIPs(status);
  keepObservedGenerations(status, oldStatus);
}

/** `podIP` is an old name of the first of `podIPs` (Convert_v1_PodStatus_To_core_PodStatus). */
function syncPodIPs(status: k8s.PodStatus): void {
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  const first = status.podIPs?.[0]?.ip;
  if (first) status.podIP = first;
}

/** Old kubelets do not know observedGeneration and would clear it. */
function keepObservedGenerations(status: k8s.PodStatus, old: k8s.PodStatus): void {
  if (!status.observedGeneration && old.observedGeneration)
    status.observedGeneration = old.observedGeneration;
  const byType = new Map<string, (number | undefined)[]>();
  for (const { type, observedGeneration } of old.conditions ?? []) {
    byType.set(type, [...(byType.get(type) ?? []), observedGeneration]);
  }
  for (const condition of status.conditions ?? []) {
    const generation = byType.get(condition.type)?.shift();
    if (!condition.observedGeneration && generation) condition.observedGeneration = generation;
  }
}

/** Everything but labels, annotations, finalizers and managedFields stays (metav1.ResetObjectMetaForStatus). */
function resetMetadata(pod: KubeObject, old: KubeObject): void {
  const { deletionTimestamp, deletionGracePeriodSeconds, ownerReferences, finalizers, labels, annotations } =
    old.metadata;
  const kept = {
    deletionTimestamp,
    deletionGracePeriodSeconds,
    ownerReferences,
    finalizers,
    labels,
    annotations,
  };
  for (const [key, value] of Object.entries(kept)) {
    const metadata = pod.metadata as Record<string, unknown>;
    if (value === undefined) delete metadata[key];
    else metadata[key] = value;
  }
}

/** podEphemeralContainersStrategy.PrepareForUpdate. */
export function prepareEphemeralContainers(pod: KubeObject, old: KubeObject): void {
  const { ephemeralContainers } = specOf(pod);
  const spec: k8s.PodSpec = { ...specOf(old) };
  if (ephemeralContainers === undefined) delete spec.ephemeralContainers;
  else spec.ephemeralContainers = ephemeralContainers;
  pod.spec = spec;
  pod.status = old.status;
  resetMetadata(pod, old);
}

/** podResizeStrategy.PrepareForUpdate: only resources and resize policies change. */
export function prepareResize(pod: KubeObject, old: KubeObject): void {
  const spec = specOf(pod);
  const oldSpec = specOf(old);
  const sameShape = (['containers', 'initContainers'] as const).every(
    (list) => (spec[list]?.length ?? 0) === (oldSpec[list]?.length ?? 0),
  );
  if (!sameShape) return;
  const next: k8s.PodSpec = { ...deepClone(oldSpec) };
  for (const list of ['containers', 'initContainers'] as const) {
    if (spec[list]) next[list] = mergeResources(spec[list], oldSpec[list] ?? []);
  }
  if (spec.resources === undefined) delete next.resources;
  else next.resources = spec.resources;
  pod.spec = next;
  pod.status = old.status;
  resetMetadata(pod, old);
}

function mergeResources(containers: k8s.Container[], old: readonly k8s.Container[]): k8s.Container[] {
  // Renamed or reordered containers are left for validation to refuse.
  if (containers.some((container, i) => container.name !== old[i]?.name)) return containers;
  return containers.map((container, i) => {
    const merged: k8s.Container = { ...(old[i] as k8s.Container) };
    for (const field of ['resources', 'resizePolicy'] as const) copyField(merged, container, field);
    return merged;
  });
}

function copyField<K extends keyof k8s.Container>(to: k8s.Container, from: k8s.Container, field: K): void {
  if (from[field] === undefined) delete to[field];
  else to[field] = from[field];
}
