import { Quantity } from '@sampan/base';
import type * as k8s from '../../generated/types.ts';
import type { KubeObject } from '../../meta/object.ts';
import { isHugePages, isOvercommitAllowed } from '../resource-names.ts';
import { quantity } from '../shared.ts';
import { aggregateContainerLimits, aggregateContainerRequests } from './aggregate.ts';
import { setContainerDefaults } from './container-defaults.ts';
import { isPodLevelResource } from './resources.ts';
import { setVolumeDefaults } from './volume-defaults.ts';

export const DEFAULT_GRACE_SECONDS = 30;

/** SetDefaults_PodSpec and the defaults of all it holds; for pods and templates. */
export function setPodSpecDefaults(spec: k8s.PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= DEFAULT_GRACE_SECONDS;
  spec.schedulerName ||= 'default-scheduler';
  syncServiceAccount(spec);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of spec.initContainers ?? []) setContainerDefaults(container);
  for (const container of spec.containers ?? []) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container as k8s.Container);
  roundToMilli(spec.overhead);
  roundToMilli(spec.resources?.limits);
  roundToMilli(spec.resources?.requests);
}

/** `serviceAccount` is an old name of `serviceAccountName`; objects carry both. */
export function syncServiceAccount(spec: k8s.PodSpec): void {
  if (!spec.serviceAccountName && spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
}

/** Amounts finer than a thousandth are rounded up (SetDefaults_ResourceList). */
export function roundToMilli(list: Record<string, string> | undefined): void {
  for (const name of Object.keys(list ?? {})) {
    const amount = quantity(list?.[name]);
    if (amount.isMultipleOf(-3)) continue;
    const rounded = Quantity.of(amount.scaled(-3), amount.format, -3);
    (list as Record<string, string>)[name] = rounded.toString();
  }
}

/** SetDefaults_Pod: what pods have and templates have not. */
export function setPodDefaults(pod: KubeObject): void {
  const spec = pod.spec as k8s.PodSpec | undefined;
  if (spec === undefined) return;
  setPodSpecDefaults(spec);
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])])
    requestLimits(container);
  if (spec.resources !== undefined) setPodLevelResources(spec, spec.resources);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) {
    for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
      for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
    }
  }
}

/** A container requests what it is limited to, unless it says otherwise. */
function requestLimits(container: k8s.Container): void {
  const limits = container.resources?.limits;
  if (limits === undefined || container.resources === undefined) return;
  container.resources.requests = { ...limits, ...container.resources.requests };
}

/** Pod-level requests and limits follow from those of the containers (KEP-2837, "Defaulting"). */
function setPodLevelResources(spec: k8s.PodSpec, resources: k8s.ResourceRequirements): void {
  const hasAny = (list: Record<string, string> | undefined): boolean => Object.keys(list ?? {}).length > 0;
  const has = (list: Record<string, string> | undefined, name: string): boolean =>
    list !== undefined && Object.hasOwn(list, name);
  const containerLimits = aggregateContainerLimits(spec);
  if (hasAny(resources.limits) || hasAny(resources.requests)) {
    for (const [name, amount] of containerLimits) {
      if (!isHugePages(name) || has(resources.requests, name) || has(resources.limits, name)) continue;
      resources.limits = { ...resources.limits, [name]: amount.toString() };
    }
  }
  if (hasAny(resources.limits)) {
    const requests = { ...resources.requests };
    for (const [name, amount] of aggregateContainerRequests(spec)) {
      if (!has(requests, name) && isPodLevelResource(name) && isOvercommitAllowed(name))
        requests[name] = amount.toString();
    }
    for (const [name, value] of Object.entries(resources.limits ?? {})) {
      if (!has(requests, name) && isPodLevelResource(name)) requests[name] = value;
    }
    if (hasAny(requests)) resources.requests = requests;
  }
}
