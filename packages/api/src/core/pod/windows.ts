import type * as k8s from '../../generated/types.ts';
import { forbidden, invalid } from '../../meta/field-error.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import { byteLength } from '../../validation/messages.ts';
import { addMessages } from './checks.ts';
import { visitContainers } from './containers.ts';
import type { Errors } from './types.ts';

const MAX_SPEC_KIB = 64;
const MAX_DOMAIN = 256;
const MAX_USER = 104;
const DNS_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const DNS_NAME = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);
const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\x00-\x1f\x7f]/;
const BAD_USER_CHARACTERS = /["/\\:;|=,+*?<>@[\]]/;

/** validateWindowsSecurityContextOptions. */
export function validateWindowsOptions(
  options: k8s.WindowsSecurityContextOptions | undefined,
  path: string,
  errors: Errors,
): void {
  if (options === undefined) return;
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec } = options;
  if (name !== undefined)
    addMessages(errors, `${path}.gmsaCredentialSpecName`, name, isDNS1123Subdomain(name));
  if (spec === '')
    errors.push(invalid(`${path}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec cannot be an empty string'));
  else if (spec !== undefined && byteLength(spec) > MAX_SPEC_KIB * 1024) {
    const detail = `gmsaCredentialSpec size must be under ${MAX_SPEC_KIB} KiB`;
    errors.push(invalid(`${path}.gmsaCredentialSpec`, spec, detail));
  }
  if (options.runAsUserName !== undefined)
    validateUserName(options.runAsUserName, `${path}.runAsUserName`, errors);
}

function validateUserName(name: string, field: string, errors: Errors): void {
  const parts = name.split('\\');
  const malformed =
    name === ''
      ? 'cannot be an empty string'
      : CONTROL.test(name)
        ? 'cannot contain control characters'
        : parts.length > 2
          ? 'cannot contain more than one backslash'
          : undefined;
  if (malformed !== undefined) errors.push(invalid(field, name, `runAsUserName ${malformed}`));
  else validateUserParts(name, parts, field, errors);
}

function validateUserParts(name: string, parts: readonly string[], field: string, errors: Errors): void {
  const fail = (detail: string): void => {
    errors.push(invalid(field, name, detail));
  };
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? parts[0] : undefined;
  if (domain !== undefined && domain.length >= MAX_DOMAIN) {
    fail(`runAsUserName's Domain length must be under ${MAX_DOMAIN} characters`);
  }
  // Longer domains are refused above; the patterns need not look at them.
  if (
    domain !== undefined &&
    (domain.length >= MAX_DOMAIN || !(NETBIOS.test(domain) || DNS_NAME.test(domain)))
  ) {
    fail("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') fail("runAsUserName's User cannot be empty");
  else if (user.length > MAX_USER)
    fail(`runAsUserName's User length must not be longer than ${MAX_USER} characters`);
  if (/^[. ]+$/.test(user)) fail("runAsUserName's User cannot contain only periods or spaces");
  if (BAD_USER_CHARACTERS.test(user)) {
    fail('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  }
}

/** validateWindowsHostProcessPod: all containers of a pod or none run as host processes. */
export function validateHostProcess(spec: k8s.PodSpec, path: string, errors: Errors): void {
  const podValue = spec.securityContext?.windowsOptions?.hostProcess;
  let containers = 0;
  let hostProcesses = 0;
  visitContainers(spec, path, (container, at) => {
    containers++;
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (podValue !== undefined && own !== undefined && podValue !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${podValue}`;
      errors.push(invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, detail));
    }
    if (own ?? podValue) hostProcesses++;
  });
  if (hostProcesses === 0) return;
  if (hostProcesses !== containers) {
    const detail =
      'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalid(path, '', detail));
  }
  if (spec.hostNetwork !== true) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalid(`${path}.hostNetwork`, false, detail));
  }
}

const POD_FIELDS = ['hostUsers', 'shareProcessNamespace'] as const;
const POD_CONTEXT_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const CONTAINER_CONTEXT_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;
const NOT_ON_WINDOWS = 'cannot be set for a windows pod';

/** validateWindows: what only Linux has. */
export function validateWindowsPod(spec: k8s.PodSpec, path: string, errors: Errors): void {
  const refuse = (field: string): void => {
    errors.push(forbidden(field, NOT_ON_WINDOWS));
  };
  for (const field of POD_CONTEXT_FIELDS) {
    const value = spec.securityContext?.[field];
    if (value !== undefined && !(field === 'sysctls' && (value as unknown[]).length === 0)) {
      refuse(`${path}.securityContext.${field}`);
    }
  }
  for (const field of POD_FIELDS) if (spec[field] !== undefined) refuse(`${path}.${field}`);
  if (spec.hostPID) refuse(`${path}.hostPID`);
  if (spec.hostIPC) refuse(`${path}.hostIPC`);
  visitContainers(spec, path, (container, at) => {
    for (const field of CONTAINER_CONTEXT_FIELDS) {
      if (container.securityContext?.[field] !== undefined) refuse(`${at}.securityContext.${field}`);
    }
  });
}

/** validateLinux: what only Windows has. */
export function validateLinuxPod(spec: k8s.PodSpec, path: string, errors: Errors): void {
  const detail = 'windows options cannot be set for a linux pod';
  if (spec.securityContext?.windowsOptions !== undefined) {
    errors.push(forbidden(`${path}.securityContext.windowsOptions`, detail));
  }
  visitContainers(spec, path, (container, at) => {
    if (container.securityContext?.windowsOptions !== undefined) {
      errors.push(forbidden(`${at}.securityContext.windowsOptions`, detail));
    }
  });
}
