import { isDNS1035Label, isDNS1123Label, isDNS1123Subdomain, type NameValidator } from './dns.ts';

/** Is `name` (or, with `prefix`, a generateName) allowed? Messages without a field. */
export type NameRule = (name: string, prefix: boolean) => string[];

/** A generateName may end with a dash, since a suffix follows. */
export function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

const rule =
  (validate: NameValidator): NameRule =>
  (name, prefix) =>
    validate(prefix ? maskTrailingDash(name) : name);

export const nameIsDNSSubdomain: NameRule = rule(isDNS1123Subdomain);
export const nameIsDNSLabel: NameRule = rule(isDNS1123Label);
export const nameIsDNS1035Label: NameRule = rule(isDNS1035Label);

/** Any name that fits in a URL path: RBAC kinds, API services (apimachinery pkg/api/validation/path). */
export const nameIsPathSegment: NameRule = (name, prefix) =>
  prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name);

const NOT_NAMES = ['.', '..'];
const NOT_CONTAINED = ['/', '%'];

export function isPathSegmentName(name: string): string[] {
  if (NOT_NAMES.includes(name)) return [`may not be '${name}'`];
  return isPathSegmentPrefix(name);
}

export function isPathSegmentPrefix(name: string): string[] {
  return NOT_CONTAINED.filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);
}
