import { posix } from 'node:path';
import { SampanError } from '@sampan/base';
import { GUEST_POLICY, HOST_CLUSTER_POLICY, type HostPathRule, type HostPolicy } from './host-policy.ts';
import { isSysctlPattern, sysctlNamespace } from './sysctls.ts';

/** What is wrong with a value; undefined: nothing. */
type Check = (value: unknown) => string | undefined;

const isTrueOrFalse: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');

const areNames: Check = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')
    ? undefined
    : 'must be a list of names';

const anyOr =
  (check: Check): Check =>
  (value) => {
    if (value === '*') return undefined;
    const wrong = check(value);
    return wrong && `${wrong}, or "*"`;
  };

const areHostPaths: Check = (value) =>
  Array.isArray(value) && value.every(isHostPathRule)
    ? undefined
    : 'must be a list of {"prefix": an absolute path without "..", "readOnly": true or false}';

function isHostPathRule(rule: unknown): rule is HostPathRule {
  if (typeof rule !== 'object' || rule === null || !('prefix' in rule)) return false;
  const { prefix } = rule;
  if (typeof prefix !== 'string' || !prefix.startsWith('/') || prefix.split('/').includes('..')) return false;
  const known = Object.keys(rule).every((key) => key === 'prefix' || key === 'readOnly');
  return known && (!('readOnly' in rule) || typeof rule.readOnly === 'boolean') && posix.isAbsolute(prefix);
}

/** Such a sysctl would change the machine (kubelet sysctl allowlist). */
const areSysctls: Check = (value) => {
  const wrong = areNames(value);
  if (wrong) return wrong;
  const bad = (value as string[]).find((name) => !isSysctlPattern(name) || !sysctlNamespace(name));
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no sysctl of a namespace`;
};

const areHandlers: Check = (value) =>
  areNames(value) ?? ((value as string[]).length > 0 ? undefined : 'must name a handler');

const CHECKS: Readonly<Record<keyof HostPolicy, Check>> = {
  privileged: isTrueOrFalse,
  hostNetwork: isTrueOrFalse,
  hostPID: isTrueOrFalse,
  hostIPC: isTrueOrFalse,
  hostPorts: isTrueOrFalse,
  hostPaths: anyOr(areHostPaths),
  devices: isTrueOrFalse,
  volumes: anyOr(areNames),
  unsafeSysctls: areSysctls,
  capabilities: anyOr(areNames),
  unconfined: isTrueOrFalse,
  procMount: isTrueOrFalse,
  probeHosts: isTrueOrFalse,
  criticalPods: isTrueOrFalse,
  staticPods: isTrueOrFalse,
  handlers: anyOr(areHandlers),
};

/** The name of the machine's own cluster. */
const HOST_CLUSTER = 'host';

/**
 * The policy of one cluster from the text of the policy file: `{"CLUSTER": {"privileged": true, …}, …}`. What a
 * cluster's entry does not name is as by default: everything for the cluster `host`, nothing for others. `text`
 * undefined: there is no file. Throws `host-policy-invalid`: a field nobody knows is no reason to go on.
 */
export function parseHostPolicy(text: string | undefined, cluster: string): HostPolicy {
  const base = cluster === HOST_CLUSTER ? HOST_CLUSTER_POLICY : GUEST_POLICY;
  const all = text === undefined ? {} : parseObject(text);
  for (const [name, given] of Object.entries(all)) checkPolicy(name, given);
  const own = Object.hasOwn(all, cluster) ? (all[cluster] as Partial<HostPolicy>) : {};
  return Object.freeze({ ...base, ...own });
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (!isObject(value)) throw invalid('it is no JSON object');
  return value;
}

function checkPolicy(cluster: string, given: unknown): void {
  if (!isObject(given)) throw invalid(`"${cluster}" must be an object`);
  for (const [field, value] of Object.entries(given)) {
    const check = Object.hasOwn(CHECKS, field) ? CHECKS[field as keyof HostPolicy] : undefined;
    const wrong = check ? check(value) : 'is not known';
    if (wrong) throw invalid(`"${cluster}.${field}" ${wrong}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(reason: string, cause?: unknown): SampanError {
  return new SampanError('host-policy-invalid', `the host policy cannot be read: ${reason}`, {
    hint: 'Mend the policy file; without it, guests may do nothing to the machine.',
    cause,
  });
}
