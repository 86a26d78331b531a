import type * as k8s from '../../generated/types.ts';
import { invalid, notSupported, required } from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import { validateLabels } from '../../validation/label-selector.ts';
import { byteLength, inclusiveRangeError } from '../../validation/messages.ts';
import { addMessages, checkDNS1123Label, checkDNS1123Subdomain, checkEnum } from './checks.ts';
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './container.ts';
import {
  validateDNSConfig,
  validateDNSPolicy,
  validateHostAliases,
  validateHostNetworkPorts,
} from './network.ts';
import { validateResourceClaims } from './resource-claims.ts';
import { validateOverhead, validatePodLevelResources } from './resources.ts';
import {
  validateAffinity,
  validateReadinessGates,
  validateSchedulingGates,
  validateTolerations,
  validateTopologySpread,
} from './scheduling.ts';
import { validateHostUsers, validatePodSecurityContext } from './security-context.ts';
import type { Errors, PodContext } from './types.ts';
import { validateVolumes } from './volumes.ts';
import { validateHostProcess, validateLinuxPod, validateWindowsPod } from './windows.ts';

const MAX_INT32 = 2 ** 31 - 1;
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never'];
/** Linux's HOST_NAME_MAX. */
const MAX_HOSTNAME = 64;

/** ValidatePodSpec. */
export function validatePodSpec(spec: k8s.PodSpec, path: string, context: PodContext, errors: Errors): void {
  if (spec.terminationGracePeriodSeconds === undefined)
    errors.push(required(`${path}.terminationGracePeriodSeconds`));
  const volumes = validateVolumes(spec.volumes, `${path}.volumes`, context, errors);
  const claims = validateResourceClaims(spec, `${path}.resourceClaims`, errors);
  const around = { spec, volumes, claims, context };
  validateContainers(around, `${path}.containers`, errors);
  validateInitContainers(around, `${path}.initContainers`, errors);
  validateEphemeralContainers(around, `${path}.ephemeralContainers`, errors);
  validatePodLevelResources(spec, claims, `${path}.resources`, context, errors);
  validateHostNetworkPorts(spec, path, context, errors);
  checkEnum(errors, `${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES);
  validateDNSPolicy(spec, `${path}.dnsPolicy`, errors);
  if (spec.nodeSelector !== undefined)
    append(errors, validateLabels(spec.nodeSelector, `${path}.nodeSelector`));
  validatePodSecurityContext(spec, `${path}.securityContext`, context, errors);
  validatePlacement(spec, path, context, errors);
  validateDNSConfig(spec, `${path}.dnsConfig`, context, errors);
  validateHostProcess(spec, path, errors);
  validateHostUsers(spec, path, errors);
  validateNames(spec, path, errors);
  if (spec.hostAliases !== undefined)
    validateHostAliases(spec.hostAliases, `${path}.hostAliases`, context, errors);
  if (spec.overhead !== undefined) validateOverhead(spec.overhead, `${path}.overhead`, context, errors);
  validateOS(spec, path, errors);
}

function validatePlacement(spec: k8s.PodSpec, path: string, context: PodContext, errors: Errors): void {
  const { affinity, readinessGates, schedulingGates, topologySpreadConstraints, tolerations } = spec;
  if (affinity !== undefined) validateAffinity(affinity, `${path}.affinity`, context, errors);
  if (readinessGates !== undefined) validateReadinessGates(readinessGates, `${path}.readinessGates`, errors);
  if (schedulingGates !== undefined)
    validateSchedulingGates(schedulingGates, `${path}.schedulingGates`, errors);
  if (topologySpreadConstraints !== undefined) {
    validateTopologySpread(topologySpreadConstraints, `${path}.topologySpreadConstraints`, context, errors);
  }
  if (tolerations !== undefined) append(errors, validateTolerations(tolerations, `${path}.tolerations`));
}

/** Names of other things: each must be able to exist. */
function validateNames(spec: k8s.PodSpec, path: string, errors: Errors): void {
  for (const field of ['serviceAccountName', 'nodeName', 'priorityClassName'] as const) {
    const name = spec[field];
    if (name) addMessages(errors, `${path}.${field}`, name, isDNS1123Subdomain(name));
  }
  if (spec.runtimeClassName !== undefined) {
    checkDNS1123Subdomain(errors, `${path}.runtimeClassName`, spec.runtimeClassName);
  }
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)) {
    errors.push(invalid(`${path}.activeDeadlineSeconds`, deadline, inclusiveRangeError(1, MAX_INT32)));
  }
  if (spec.hostname) checkDNS1123Label(errors, `${path}.hostname`, spec.hostname);
  if (spec.subdomain) checkDNS1123Label(errors, `${path}.subdomain`, spec.subdomain);
  if (spec.hostnameOverride !== undefined) validateHostnameOverride(spec, path, errors);
  if (spec.preemptionPolicy !== undefined) {
    checkEnum(errors, `${path}.preemptionPolicy`, spec.preemptionPolicy, PREEMPTION_POLICIES);
  }
}

/** KEP-4762. */
function validateHostnameOverride(spec: k8s.PodSpec, path: string, errors: Errors): void {
  const name = spec.hostnameOverride ?? '';
  const field = `${path}.hostnameOverride`;
  checkDNS1123Subdomain(errors, field, name);
  if (byteLength(name) > MAX_HOSTNAME) {
    errors.push(invalid(field, name, `must be no more than ${MAX_HOSTNAME} characters`));
  }
  if (spec.setHostnameAsFQDN === true) {
    errors.push(invalid(field, name, 'may not be specified when `setHostnameAsFQDN` is true'));
  }
  if (spec.hostNetwork === true) {
    errors.push(invalid(field, name, 'may not be specified when `hostNetwork` is true'));
  }
}

/** validateOS, validateLinux and validateWindows. */
function validateOS(spec: k8s.PodSpec, path: string, errors: Errors): void {
  if (spec.os === undefined) return;
  const name = spec.os.name ?? '';
  if (name === '') errors.push(required(`${path}.os.name`, 'cannot be empty'));
  else if (name === 'linux') validateLinuxPod(spec, path, errors);
  else if (name === 'windows') validateWindowsPod(spec, path, errors);
  else errors.push(notSupported(`${path}.os`, name, ['linux', 'windows']));
}
