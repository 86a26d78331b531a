import type * as k8s from '../../generated/types.ts';
import { duplicate, forbidden, invalid, notSupported, required, tooLong } from '../../meta/field-error.ts';
import { isValidGroupID, isValidUserID } from '../../validation/formats.ts';
import { byteLength } from '../../validation/messages.ts';
import { addMessages, checkDescendingPath, checkOptionalEnum } from './checks.ts';
import type { Errors, PodContext } from './types.ts';
import { validateWindowsOptions } from './windows.ts';

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
/** PATH_MAX - 1. */
const MAX_PROFILE = 4095;
const SYSCTL_SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SYSCTL = `^(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}$`;
const sysctlRegExp = new RegExp(SYSCTL);
const MAX_SYSCTL = 253;

function checkIds(
  errors: Errors,
  path: string,
  ids: { runAsUser?: number | undefined; runAsGroup?: number | undefined; fsGroup?: number | undefined },
): void {
  if (ids.fsGroup !== undefined)
    addMessages(errors, `${path}.fsGroup`, ids.fsGroup, isValidGroupID(ids.fsGroup));
  if (ids.runAsUser !== undefined) {
    addMessages(errors, `${path}.runAsUser`, ids.runAsUser, isValidUserID(ids.runAsUser));
  }
  if (ids.runAsGroup !== undefined) {
    addMessages(errors, `${path}.runAsGroup`, ids.runAsGroup, isValidGroupID(ids.runAsGroup));
  }
}

/** ValidateSecurityContext of a container. */
export function validateSecurityContext(
  context: k8s.SecurityContext,
  path: string,
  hostUsers: boolean,
  errors: Errors,
): void {
  checkIds(errors, path, { runAsUser: context.runAsUser, runAsGroup: context.runAsGroup });
  checkOptionalEnum(errors, `${path}.procMount`, context.procMount, ['Default', 'Unmasked']);
  if (hostUsers && context.procMount === 'Unmasked') {
    errors.push(
      invalid(`${path}.procMount`, context.procMount, '`hostUsers` must be false to use `Unmasked`'),
    );
  }
  validateSeccompProfile(context.seccompProfile, `${path}.seccompProfile`, errors);
  checkEscalation(context, path, errors);
  validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`, errors);
  validateAppArmorProfile(context.appArmorProfile, `${path}.appArmorProfile`, errors);
}

function checkEscalation(context: k8s.SecurityContext, path: string, errors: Errors): void {
  if (context.allowPrivilegeEscalation !== false) return;
  const cannot = 'cannot set `allowPrivilegeEscalation` to false and';
  if (context.privileged === true) errors.push(invalid(path, context, `${cannot} \`privileged\` to true`));
  for (const capability of context.capabilities?.add ?? []) {
    if (capability === 'CAP_SYS_ADMIN') {
      errors.push(invalid(path, context, `${cannot} \`capabilities.Add\` CAP_SYS_ADMIN`));
    }
  }
}

/** validateSeccompProfileField. */
export function validateSeccompProfile(
  profile: k8s.SeccompProfile | undefined,
  path: string,
  errors: Errors,
): void {
  if (profile === undefined) return;
  if (!profile.type) errors.push(required(`${path}.type`, 'type is required when seccompProfile is set'));
  else if (!PROFILE_TYPES.includes(profile.type)) {
    errors.push(notSupported(`${path}.type`, profile.type, PROFILE_TYPES));
  }
  if (profile.type !== 'Localhost') {
    if (profile.localhostProfile !== undefined) {
      errors.push(
        invalid(`${path}.localhostProfile`, profile, 'can only be set when seccomp type is Localhost'),
      );
    }
  } else if (profile.localhostProfile === undefined) {
    errors.push(required(`${path}.localhostProfile`, 'must be set when seccomp type is Localhost'));
  } else {
    checkDescendingPath(errors, `${path}.localhostProfile`, profile.localhostProfile);
  }
}

/** ValidateAppArmorProfileField. */
export function validateAppArmorProfile(
  profile: k8s.AppArmorProfile | undefined,
  path: string,
  errors: Errors,
): void {
  if (profile === undefined) return;
  const local = profile.localhostProfile;
  if (profile.type === 'Localhost') {
    const missing = required(`${path}.localhostProfile`, 'must be set when AppArmor type is Localhost');
    if (local === undefined || local === '') errors.push(missing);
    else if (local.trim() !== local) {
      errors.push(invalid(`${path}.localhostProfile`, local, 'must not be padded with whitespace'));
    }
    if (byteLength(local ?? '') > MAX_PROFILE) errors.push(tooLong(`${path}.localhostProfile`, MAX_PROFILE));
  } else if (!profile.type) {
    errors.push(required(`${path}.type`, 'type is required when appArmorProfile is set'));
  } else if (!PROFILE_TYPES.includes(profile.type)) {
    errors.push(notSupported(`${path}.type`, profile.type, PROFILE_TYPES));
  } else if (local !== undefined) {
    errors.push(
      invalid(`${path}.localhostProfile`, local, 'can only be set when AppArmor type is Localhost'),
    );
  }
}

/** validatePodSpecSecurityContext. */
export function validatePodSecurityContext(
  spec: k8s.PodSpec,
  path: string,
  podContext: PodContext,
  errors: Errors,
): void {
  const context = spec.securityContext;
  if (context === undefined) return;
  checkIds(errors, path, context);
  context.supplementalGroups?.forEach((group, i) => {
    addMessages(errors, `${path}.supplementalGroups[${i}]`, group, isValidGroupID(group));
  });
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalid(`${path}.shareProcessNamespace`, true, detail));
  }
  if (context.sysctls?.length) validateSysctls(spec, context.sysctls, `${path}.sysctls`, podContext, errors);
  checkOptionalEnum(errors, `${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, [
    'Always',
    'OnRootMismatch',
  ]);
  validateSeccompProfile(context.seccompProfile, `${path}.seccompProfile`, errors);
  validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`, errors);
  validateAppArmorProfile(context.appArmorProfile, `${path}.appArmorProfile`, errors);
  checkOptionalEnum(errors, `${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, [
    'Merge',
    'Strict',
  ]);
  checkOptionalEnum(errors, `${path}.seLinuxChangePolicy`, context.seLinuxChangePolicy, [
    'MountOption',
    'Recursive',
  ]);
}

function validateSysctls(
  spec: k8s.PodSpec,
  sysctls: readonly k8s.Sysctl[],
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  const names = new Set<string>();
  sysctls.forEach((sysctl, i) => {
    const at = `${path}[${i}].name`;
    const name = sysctl.name ?? '';
    if (name === '') errors.push(required(at));
    else if (name.length > MAX_SYSCTL || !sysctlRegExp.test(name)) {
      errors.push(invalid(at, name, `must have at most ${MAX_SYSCTL} characters and match regex ${SYSCTL}`));
    } else if (names.has(name)) errors.push(duplicate(at, name));
    names.add(name);
    if (context.allowed.namespacedSysctlsOnHost === true) return;
    const namespace = sysctlNamespace(name);
    if (spec.hostNetwork === true && namespace === 'net') {
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    } else if (spec.hostIPC === true && namespace === 'ipc') {
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"));
    }
  });
}

const IPC_PREFIXES = ['kernel.shm', 'kernel.msg', 'fs.mqueue.'];

/** The kernel namespace that a sysctl belongs to; slashes may stand for dots (sysctl.d(5)). */
function sysctlNamespace(sysctl: string): 'ipc' | 'net' | undefined {
  const separator = /[./]/.exec(sysctl)?.[0];
  const name = separator === '/' ? sysctl.replace(/[./]/g, (c) => (c === '/' ? '.' : '/')) : sysctl;
  if (name.startsWith('net.')) return 'net';
  return name === 'kernel.sem' || IPC_PREFIXES.some((prefix) => name.startsWith(prefix)) ? 'ipc' : undefined;
}

/** validateHostUsers: user namespaces (KEP-127) exclude other namespaces of the host. */
export function validateHostUsers(spec: k8s.PodSpec, path: string, errors: Errors): void {
  if (spec.hostUsers !== false) return;
  const detail = 'when `pod.Spec.HostUsers` is false';
  if (spec.hostNetwork) errors.push(forbidden(`${path}.hostNetwork`, detail));
  // Upstream's paths are Go's names here.
  if (spec.hostPID) errors.push(forbidden(`${path}.HostPID`, detail));
  if (spec.hostIPC) errors.push(forbidden(`${path}.HostIPC`, detail));
}
