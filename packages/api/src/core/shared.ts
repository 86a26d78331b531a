/**
 * The validators that most kinds of this folder use, under the short names they use them by. Fields are paths
 * as in `Status` causes; functions with `Errors` in their name return field errors, the others messages.
 */
import { deepEqual, Quantity } from '@sampan/base';
import { type FieldError, invalid, notSupported } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { isValidCIDRForLegacyField, isValidIPForLegacyField } from '../validation/ip.ts';
import { FIELD_IMMUTABLE, IS_NEGATIVE } from '../validation/messages.ts';

export {
  isDNS1123Label as dns1123Label,
  isDNS1123Subdomain as dns1123Subdomain,
  isWildcardDNS1123Subdomain as wildcardDns1123Subdomain,
} from '../validation/dns.ts';
export {
  isConfigMapKey as configMapKey,
  isDomainPrefixedPath as domainPrefixedPathErrors,
  isFullyQualifiedDomainName as fullyQualifiedDomainNameErrors,
  isValidPortName as portName,
  isValidPortNum as portNum,
} from '../validation/formats.ts';
export {
  validateLabelName as labelNameErrors,
  validateLabelSelector as labelSelectorErrors,
  validateLabels as labelsErrors,
} from '../validation/label-selector.ts';
export {
  isQualifiedName as qualifiedName,
  isValidLabelValue as labelValue,
} from '../validation/label-syntax.ts';
export {
  isPathSegmentName as pathSegmentName,
  nameIsDNS1035Label as nameIsDns1035Label,
  nameIsDNSLabel as nameIsDnsLabel,
  nameIsDNSSubdomain as nameIsDnsSubdomain,
  nameIsPathSegment,
} from '../validation/names.ts';

/** A part of an object whose shape its kind's schema has already checked. */
export type Part = KubeObject[string];

export const PROTOCOLS: readonly string[] = ['SCTP', 'TCP', 'UDP'];

/** The list, or an empty one when the field is absent. */
export function list(value: Part): Part[] {
  return value ?? [];
}

/** One `Invalid` error for each message. */
export function each(field: string, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalid(field, value, message));
}

/** ValidateImmutableField: `value` may not differ from `old`. */
export function immutable(field: string, value: unknown, old: unknown): FieldError[] {
  return deepEqual(value, old) ? [] : [invalid(field, shown(value), FIELD_IMMUTABLE)];
}

/** An absent value as upstream shows a nil pointer. */
export function shown(value: unknown): unknown {
  return value ?? 'null';
}

/** Errors when a value is set and not among `supported` (given in upstream's order). */
export function oneOf(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export function nonNegative(field: string, value: number | undefined): FieldError[] {
  return (value ?? 0) < 0 ? [invalid(field, value, IS_NEGATIVE)] : [];
}

/** `known` are values of the old object, which stay valid. */
export function ipErrors(text: string, field: string, known?: readonly string[]): FieldError[] {
  return isValidIPForLegacyField(field, text, known);
}

export function cidrErrors(text: string, field: string, known?: readonly string[]): FieldError[] {
  return isValidCIDRForLegacyField(field, text, known);
}

/** Quantities as decoded are valid; anything else counts as zero, as a Go zero value would. */
export function quantity(value: unknown): Quantity {
  return Quantity.parse(typeof value === 'string' || typeof value === 'number' ? String(value) : '0');
}

/** A map's entries by key, so that the order of errors does not depend on the order in a request. */
export function sortedEntries(map: Part): [string, Part][] {
  return Object.entries((map ?? {}) as Record<string, Part>).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
