import { list } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { isValidCIDR, parseCidr } from '../validation/ip.ts';
import { FIELD_IMMUTABLE } from '../validation/messages.ts';

const FIELD = 'spec.cidrs';
const cidrsOf = (object: KubeObject): string[] => list(object.spec?.cidrs);

function validate(range: KubeObject): FieldError[] {
  const cidrs = cidrsOf(range);
  if (cidrs.length === 0) return [required(FIELD, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(FIELD, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((cidr, i) => isValidCIDR(`${FIELD}[${i}]`, cidr));
  const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.network.family);
  if (cidrs.length === 2 && first !== undefined && first === second) {
    const message =
      'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    errors.push(invalid(FIELD, cidrs, message));
  }
  return errors;
}

/** A second family may be added; nothing else changes. */
function validateUpdate(range: KubeObject, old: KubeObject): FieldError[] {
  const after = cidrsOf(range);
  const before = cidrsOf(old);
  const changed = (i: number): FieldError[] =>
    after[i] === before[i] ? [] : [invalid(`${FIELD}[${i}]`, after[i], FIELD_IMMUTABLE)];
  if (after.length === before.length) return before.flatMap((_, i) => changed(i));
  if (before.length === 1 && after.length === 2) return [...changed(0), ...validate(range)];
  return [invalid(FIELD, after, FIELD_IMMUTABLE)];
}

export const serviceCidrRules: KindRules = {
  prepareForCreate(range) {
    range.status = {};
  },
  prepareForUpdate(range, old) {
    range.status = old.status;
  },
  validate,
  validateUpdate,
  status: {
    prepareForUpdate(range, old) {
      range.spec = old.spec;
    },
    validateUpdate: () => [],
  },
};
