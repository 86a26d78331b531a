import type * as k8s from '../../generated/types.ts';
import { duplicate, invalid, required } from '../../meta/field-error.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import { addMessages, checkDNS1123Label } from './checks.ts';
import type { Errors } from './types.ts';

const NAMES = ['resourceClaimName', 'resourceClaimTemplateName'] as const;

/** Devices by dynamic resource allocation (KEP-4381): validatePodResourceClaims. Answers the names that exist. */
export function validateResourceClaims(spec: k8s.PodSpec, path: string, errors: Errors): ReadonlySet<string> {
  const names = new Set<string>();
  spec.resourceClaims?.forEach((claim, i) => {
    const at = `${path}[${i}]`;
    const name = claim.name ?? '';
    if (name === '') errors.push(required(`${at}.name`));
    else if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    else {
      checkDNS1123Label(errors, `${at}.name`, name);
      names.add(name);
    }
    const given = NAMES.filter((field) => claim[field] !== undefined);
    if (given.length === 2) {
      const detail = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      errors.push(invalid(at, claim, detail));
    }
    if (given.length === 0) {
      errors.push(
        invalid(at, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'),
      );
    }
    for (const field of given) {
      const value = claim[field] ?? '';
      addMessages(errors, `${at}.${field}`, value, isDNS1123Subdomain(value));
    }
  });
  return names;
}
