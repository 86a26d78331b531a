import { deepEqual } from '@sampan/base';
import { duplicate, type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { ipFamilyOf } from '../../networking/ip-number.ts';
import { ipErrors, list, shown } from '../shared.ts';
import { isExternalName, isHeadless, NONE } from './facts.ts';

const IPS = 'spec.clusterIPs';
const FAMILIES = 'spec.ipFamilies';
const POLICY = 'spec.ipFamilyPolicy';
const IP_FAMILIES = ['IPv4', 'IPv6'];
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

const ips = (service: KubeObject): string[] => list(service.spec?.clusterIPs);
const families = (service: KubeObject): string[] => list(service.spec?.ipFamilies);

/**
 * Keeps clusterIP and clusterIPs in step, whichever the client set (normalizeClusterIPs). Runs before
 * anything else looks at them.
 */
export function normalizeClusterIps(service: KubeObject, old?: KubeObject): void {
  service.spec ??= {};
  const { spec } = service;
  const ip: string = spec.clusterIP ?? '';
  if (!old) {
    if (ip !== '' && ips(service).length === 0) spec.clusterIPs = [ip];
    return;
  }
  const oldIp: string = old.spec?.clusterIP ?? '';
  const sameList = deepEqual(ips(service), ips(old));
  // Cleared by a client that knows clusterIP only.
  if (oldIp !== '' && ip === '' && sameList) delete spec.clusterIPs;
  // Changed by a client that knows clusterIP only.
  else if (ip !== oldIp && ip !== '' && sameList) spec.clusterIPs = [ip];
}

function syncErrors(service: KubeObject): FieldError[] {
  const ip: string = service.spec.clusterIP ?? '';
  const all = ips(service);
  if (ip === '') {
    return all.length === 0 ? [] : [invalid(IPS, all, 'must be empty when `clusterIP` is not specified')];
  }
  if (all.length === 0) return [required(IPS)];
  return all[0] === ip ? [] : [invalid(IPS, all, 'first value must match `clusterIP`')];
}

function familyErrors(service: KubeObject): FieldError[] {
  const all = families(service);
  const errors = all.flatMap((family, index) => {
    const path = `${FAMILIES}[${index}]`;
    return [
      ...(IP_FAMILIES.includes(family) ? [] : [notSupported(path, family, IP_FAMILIES)]),
      ...(all.indexOf(family) < index ? [duplicate(path, family)] : []),
    ];
  });
  const policy: string | undefined = service.spec.ipFamilyPolicy;
  if (policy !== undefined && !POLICIES.includes(policy)) errors.push(notSupported(POLICY, policy, POLICIES));
  return errors;
}

function matchErrors(service: KubeObject): FieldError[] {
  if (isHeadless(service)) return [];
  return ips(service).flatMap((ip, index) => {
    const family = families(service)[index];
    if (family === undefined || ipFamilyOf(ip) === family || !IP_FAMILIES.includes(family)) return [];
    const message = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    return [invalid(`${IPS}[${index}]`, ip, message)];
  });
}

/** ValidateServiceClusterIPsRelatedFields: clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy by themselves. */
export function clusterIpErrors(service: KubeObject): FieldError[] {
  if (isExternalName(service)) return [];
  const errors = [...syncErrors(service), ...familyErrors(service)];
  const all = ips(service);
  let broken = false;
  all.forEach((ip, index) => {
    if (index === 0 && ip === NONE) {
      if (all.length > 1) {
        broken = true;
        errors.push(invalid(IPS, all, "'None' must be the first and only value"));
      }
      return;
    }
    const problems = ipErrors(ip, `${IPS}[${index}]`);
    broken ||= problems.length > 0;
    errors.push(...problems);
  });
  if (all.length > 2) errors.push(invalid(IPS, all, 'may only hold up to 2 values'));
  if (broken) return errors;
  if (all.length > 1 && !isDualStack(all)) {
    errors.push(invalid(IPS, all, 'may specify no more than one IP for each IP family'));
  }
  return [...errors, ...matchErrors(service)];
}

function isDualStack(all: readonly string[]): boolean {
  return new Set(all.map(ipFamilyOf)).size === 2;
}

const CHANGED = 'may not change once set';

/** validateUpgradeDowngradeClusterIPs: the first address stays; the second may come and, with SingleStack, go. */
export function clusterIpChangeErrors(service: KubeObject, old: KubeObject): FieldError[] {
  if (isExternalName(service) || isExternalName(old)) return [];
  if (isHeadless(old) && isHeadless(service)) return [];
  const before = ips(old);
  const after = ips(service);
  if (before.length === after.length) {
    return before.flatMap((ip, index) =>
      ip === after[index] ? [] : [invalid(`${IPS}[${index}]`, after, CHANGED)],
    );
  }
  const errors: FieldError[] = [];
  if (after.length === 0) errors.push(invalid(`${IPS}[0]`, null, 'primary clusterIP can not be unset'));
  if (before.length > 0 && after.length > 0 && before[0] !== after[0])
    errors.push(invalid(`${IPS}[0]`, after, CHANGED));
  if (before.length > after.length && after.length === 1 && service.spec.ipFamilyPolicy !== 'SingleStack') {
    const message = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(invalid(POLICY, shown(service.spec.ipFamilyPolicy), message));
  }
  return errors;
}

/** validateUpgradeDowngradeIPFamilies */
export function familyChangeErrors(service: KubeObject, old: KubeObject): FieldError[] {
  if (isExternalName(service) || isExternalName(old)) return [];
  if (isHeadless(service) || isHeadless(old)) return [];
  const before = families(old);
  const after = families(service);
  const first = `${FAMILIES}[0]`;
  if (before.length === after.length) {
    return before.flatMap((family, index) =>
      family === after[index] ? [] : [invalid(first, after, CHANGED)],
    );
  }
  const errors: FieldError[] = [];
  const shrinks = before.length > after.length;
  if (shrinks && ips(service).length === 0) {
    errors.push(invalid(first, after, 'primary ipFamily can not be unset'));
  }
  if (before.length > 0 && after.length > 0 && before[0] !== after[0]) {
    errors.push(invalid(first, ips(service), CHANGED));
  }
  if (shrinks && after.length === 1 && service.spec.ipFamilyPolicy !== 'SingleStack') {
    const message = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(invalid(POLICY, shown(service.spec.ipFamilyPolicy), message));
  }
  return errors;
}
