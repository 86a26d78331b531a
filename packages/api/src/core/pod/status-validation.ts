import type * as k8s from '../../generated/types.ts';
import { duplicate, type FieldError, forbidden, invalid, notSupported } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { append } from '../../validation/append.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import { isValidGroupID, isValidUserID } from '../../validation/formats.ts';
import { validateImmutable } from '../../validation/immutable.ts';
import { isValidIPForLegacyField, parseIp } from '../../validation/ip.ts';
import { isQualifiedName } from '../../validation/label-syntax.ts';
import { allowedForUpdate } from './allowed.ts';
import { validateAnnotationUpdates, validatePodAnnotations } from './annotations.ts';
import { addMessages } from './checks.ts';
import { isSidecar } from './containers.ts';
import type { Errors } from './types.ts';
import { specOf } from './validation.ts';

type Status = k8s.PodStatus;

const SYSTEM_CONDITIONS = new Set(['PodScheduled', 'Ready', 'Initialized']);
const STATUS_LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;
const HEALTH = ['Healthy', 'Unhealthy', 'Unknown'];

const statusOf = (pod: KubeObject): Status => (pod.status ?? {}) as Status;

/** ValidatePodStatusUpdate, less the generic metadata. */
export function validatePodStatusUpdate(pod: KubeObject, old: KubeObject): FieldError[] {
  const errors: Errors = [];
  const [spec, status, oldSpec, oldStatus] = [specOf(pod), statusOf(pod), specOf(old), statusOf(old)];
  const allowed = allowedForUpdate(oldSpec, old.metadata as k8s.ObjectMeta);
  const annotations = pod.metadata.annotations;
  validateAnnotationUpdates(annotations, old.metadata.annotations, 'metadata.annotations', errors);
  validatePodAnnotations(annotations, spec, 'metadata.annotations', { isPod: true, allowed }, errors);
  status.conditions?.forEach(({ type = '' }, i) => {
    // Upstream's path is under metadata.
    if (!SYSTEM_CONDITIONS.has(type)) {
      addMessages(errors, `metadata.conditions[${i}].Type`, type, isQualifiedName(type));
    }
  });
  if ((spec.nodeName ?? '') !== (oldSpec.nodeName ?? '')) {
    errors.push(forbidden('status.nodeName', 'may not be changed directly'));
  }
  const nominated = status.nominatedNodeName;
  if (nominated && nominated !== oldStatus.nominatedNodeName) {
    addMessages(errors, 'status.nominatedNodeName', nominated, isDNS1123Subdomain(nominated));
  }
  append(errors, validateImmutable(status.qosClass ?? '', oldStatus.qosClass ?? '', 'status.qosClass'));
  validateTransitions(status, oldStatus, oldSpec, errors);
  validateClaimStatuses(status, spec, errors);
  validateAddresses(status, oldStatus, errors);
  for (const list of STATUS_LISTS) validateContainerStatuses(status[list] ?? [], list, spec, errors);
  return errors;
}

/** Containers that ended for good stay ended. */
function validateTransitions(status: Status, old: Status, spec: k8s.PodSpec, errors: Errors): void {
  for (const list of STATUS_LISTS) {
    const policy = list === 'ephemeralContainerStatuses' ? 'Never' : (spec.restartPolicy ?? 'Always');
    if (policy === 'Always') continue;
    const sidecars = new Set(
      list === 'initContainerStatuses'
        ? (spec.initContainers ?? []).filter(isSidecar).map((c) => c.name)
        : [],
    );
    const restartable = new Set(
      (list === 'initContainerStatuses' ? spec.initContainers : spec.containers)
        ?.filter((c) => c.restartPolicy !== undefined)
        .map((c) => c.name),
    );
    const running = new Set(
      (status[list] ?? []).filter((s) => s.state?.terminated === undefined).map((s) => s.name),
    );
    old[list]?.forEach((before, i) => {
      const ended = before.state?.terminated;
      if (ended === undefined || sidecars.has(before.name) || restartable.has(before.name)) return;
      if (ended.exitCode !== 0 && policy === 'OnFailure') return;
      if (!running.has(before.name)) return;
      errors.push(forbidden(`status.${list}[${i}].state`, 'may not be transitioned to non-terminated state'));
    });
  }
}

function validateClaimStatuses(status: Status, spec: k8s.PodSpec, errors: Errors): void {
  const known = new Set((spec.resourceClaims ?? []).map((claim) => claim.name));
  const seen = new Set<string>();
  status.resourceClaimStatuses?.forEach(({ name, resourceClaimName }, i) => {
    const at = `status.resourceClaimStatuses[${i}].name`;
    if (!known.has(name)) {
      errors.push(invalid(at, name ?? '', 'must match the name of an entry in `spec.resourceClaims`'));
    }
    if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    if (resourceClaimName !== undefined) {
      addMessages(errors, at, resourceClaimName, isDNS1123Subdomain(resourceClaimName));
    }
  });
}

function validateAddresses(status: Status, old: Status, errors: Errors): void {
  validateIPs(status.podIPs ?? [], old.podIPs ?? [], 'status.podIPs', errors);
  const hostIPs = status.hostIPs ?? [];
  if (hostIPs.length === 0) return;
  if ((status.hostIP ?? '') !== hostIPs[0]?.ip) {
    errors.push(invalid('status.hostIPs[0].ip', hostIPs[0]?.ip ?? '', 'must be equal to `hostIP`'));
  }
  validateIPs(hostIPs, old.hostIPs ?? [], 'status.hostIPs', errors);
}

/** At most one address of each family. */
function validateIPs(
  ips: readonly { ip?: string }[],
  old: readonly { ip?: string }[],
  path: string,
  errors: Errors,
): void {
  const known = old.map(({ ip = '' }) => ip);
  ips.forEach(({ ip = '' }, i) => {
    append(errors, isValidIPForLegacyField(`${path}[${i}]`, ip, known));
  });
  if (ips.length <= 1) return;
  const families = new Set(ips.map(({ ip = '' }) => parseIp(ip)?.family));
  if (families.size !== 2 || ips.length > 2) {
    const shown = ips.map(({ ip = '' }) => ({ IP: ip }));
    errors.push(invalid(path, shown, 'may specify no more than one IP for each IP family'));
  }
  const seen = new Set<string>();
  ips.forEach(({ ip = '' }, i) => {
    if (seen.has(ip)) errors.push(duplicate(`${path}[${i}]`, { IP: ip }));
    seen.add(ip);
  });
}

function validateContainerStatuses(
  statuses: readonly k8s.ContainerStatus[],
  list: (typeof STATUS_LISTS)[number],
  spec: k8s.PodSpec,
  errors: Errors,
): void {
  const containers = list === 'initContainerStatuses' ? spec.initContainers : spec.containers;
  statuses.forEach((status, i) => {
    const at = `status.${list}[${i}]`;
    if (status.user?.linux !== undefined)
      validateLinuxUser(status.user.linux, spec.os?.name, `${at}.linux`, errors);
    if (!status.allocatedResourcesStatus?.length) return;
    if (list === 'ephemeralContainerStatuses') {
      errors.push(forbidden(`${at}.allocatedResourcesStatus`, 'must not be specified in container status'));
      return;
    }
    const container = containers?.find((c) => c.name === status.name);
    status.allocatedResourcesStatus.forEach((resource, j) => {
      validateAllocated(resource, container, `${at}.allocatedResourcesStatus[${j}]`, errors);
    });
  });
}

function validateLinuxUser(
  user: k8s.LinuxContainerUser,
  os: string | undefined,
  path: string,
  errors: Errors,
): void {
  if (os === 'windows') {
    errors.push(forbidden(path, 'cannot be set for a windows pod'));
    return;
  }
  addMessages(errors, `${path}.uid`, user.uid, isValidUserID(user.uid));
  addMessages(errors, `${path}.gid`, user.gid, isValidGroupID(user.gid));
  user.supplementalGroups?.forEach((group, i) => {
    addMessages(errors, `${path}.supplementalGroups[${i}]`, group, isValidGroupID(group));
  });
}

/** Health of the devices that a container got (KEP-4680). */
function validateAllocated(
  resource: k8s.ResourceStatus,
  container: k8s.Container | undefined,
  path: string,
  errors: Errors,
): void {
  const name = resource.name ?? '';
  if (container !== undefined) {
    if (name.startsWith('claim:')) {
      const claims = (container.resources?.claims ?? []).map(
        (claim) => `claim:${claim.name}${claim.request ? `/${claim.request}` : ''}`,
      );
      if (!claims.includes(name)) {
        const detail =
          "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
        errors.push(invalid(`${path}.name`, name, detail));
      }
    } else if (!Object.hasOwn(container.resources?.requests ?? {}, name)) {
      errors.push(invalid(`${path}.name`, name, "must match one of the container's resource requests"));
    }
  }
  const seen = new Set<string>();
  resource.resources?.forEach(({ resourceID, health = '' }, i) => {
    const at = `${path}.resources[${i}]`;
    if (!HEALTH.includes(health)) errors.push(notSupported(`${at}.health`, health, HEALTH));
    if (seen.has(resourceID)) errors.push(duplicate(`${at}.resourceID`, resourceID));
    seen.add(resourceID);
  });
}
