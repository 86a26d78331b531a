import { deepEqual } from '@sampan/base';
import { type FieldError, invalid } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { ipFamilyOf } from '../../networking/ip-number.ts';
import { list, type Part } from '../shared.ts';
import { clusterIpErrors } from './cluster-ips.ts';
import { isExternalName, NONE, serviceType } from './facts.ts';

const POLICY = 'spec.ipFamilyPolicy';
const SINGLE = 'SingleStack';
const PREFER = 'PreferDualStack';
const REQUIRE = 'RequireDualStack';

const same = (a: Part, b: Part): boolean => deepEqual(list(a), list(b));
const shrinks = (after: Part, before: Part): boolean =>
  list(after).length > 0 && list(after).length < list(before).length;
const isBareHeadless = (spec: Part): boolean =>
  spec.clusterIP === NONE && Object.keys(spec.selector ?? {}).length === 0;

/** A PreferDualStack service keeps its addresses when the cluster's families change. */
function isUnchangedPreference(service: KubeObject, old: KubeObject | undefined): boolean {
  if (!old || isExternalName(service) || serviceType(service) !== serviceType(old)) return false;
  const before = old.spec?.ipFamilyPolicy;
  return (
    service.spec.ipFamilyPolicy === PREFER &&
    (before === undefined || before === PREFER) &&
    same(service.spec.clusterIPs, old.spec?.clusterIPs) &&
    same(service.spec.ipFamilies, old.spec?.ipFamilies)
  );
}

/** An update that only says SingleStack means to drop the second address. */
function applyPolicyChange(spec: Part, before: Part): FieldError[] {
  if (spec.ipFamilyPolicy === SINGLE) {
    for (const key of ['clusterIPs', 'ipFamilies']) {
      if (same(spec[key], before[key]) && list(spec[key]).length > 1) spec[key] = spec[key].slice(0, 1);
    }
    return [];
  }
  const errors: FieldError[] = [];
  if (shrinks(spec.clusterIPs, before.clusterIPs)) {
    errors.push(
      invalid(POLICY, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary cluster IP"),
    );
  }
  if (shrinks(spec.ipFamilies, before.ipFamilies)) {
    errors.push(
      invalid(POLICY, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary IP family"),
    );
  }
  return errors;
}

function countErrors(spec: Part): FieldError[] {
  if (spec.ipFamilyPolicy !== SINGLE) return [];
  const message = (what: string): string =>
    `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
  return [
    ...(list(spec.clusterIPs).length === 2 ? [invalid(POLICY, SINGLE, message('cluster IPs'))] : []),
    ...(list(spec.ipFamilies).length === 2 ? [invalid(POLICY, SINGLE, message('IP families'))] : []),
  ];
}

/** Families that the client left out follow from the addresses it gave. */
function inferFamilies(spec: Part, available: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const families: string[] = [...list(spec.ipFamilies)];
  for (const [index, ip] of list(spec.clusterIPs).entries()) {
    if (ip === NONE) break;
    if (index < families.length) continue;
    const family = ipFamilyOf(ip) ?? 'unknown';
    if (available.includes(family)) families.push(family);
    else {
      const message = `${family} is not configured on this cluster`;
      errors.push(invalid(`spec.clusterIPs[${index}]`, spec.clusterIPs, message));
    }
  }
  if (families.length > 0) spec.ipFamilies = families;
  return errors;
}

const other = (family: string): string => (family === 'IPv4' ? 'IPv6' : 'IPv4');

/**
 * Fills ipFamilyPolicy and ipFamilies of a service that is created, or updated from `old`, on a cluster with
 * the `available` families, the default first (initIPFamilyFields). Errors stand alone: when there are any,
 * nothing else about the service is reported.
 */
export function initIpFamilies(
  service: KubeObject,
  old: KubeObject | undefined,
  available: readonly string[],
): FieldError[] {
  if (isExternalName(service) || isUnchangedPreference(service, old)) return [];
  const { spec } = service;
  spec.ipFamilyPolicy ??= old?.spec?.ipFamilyPolicy ?? (isBareHeadless(spec) ? REQUIRE : SINGLE);
  const early = clusterIpErrors(service);
  if (early.length > 0) return early;
  const errors = [
    ...(old ? applyPolicyChange(spec, old.spec ?? {}) : []),
    ...countErrors(spec),
    ...inferFamilies(spec, available),
  ];
  if (errors.length > 0) return errors;
  const first = list(spec.ipFamilies)[0] ?? available[0] ?? 'IPv4';
  const wantsBoth = spec.ipFamilyPolicy !== SINGLE;
  // Endpoints of a headless service without selector are the client's: any family may be there.
  if (isBareHeadless(spec)) {
    if (list(spec.ipFamilies).length < 2) spec.ipFamilies = wantsBoth ? [first, other(first)] : [first];
    return [];
  }
  if (spec.ipFamilyPolicy === REQUIRE && available.length < 2) {
    errors.push(invalid(POLICY, REQUIRE, 'this cluster is not configured for dual-stack services'));
  }
  list(spec.ipFamilies).forEach((family, index) => {
    if (!available.includes(family)) {
      errors.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'));
    }
  });
  if (errors.length > 0) return errors;
  if (list(spec.ipFamilies).length < 2) {
    spec.ipFamilies = wantsBoth && available.length === 2 ? [first, other(first)] : [first];
  }
  return [];
}
