import { type CelType, DYN, listOf, mapOf, optionalOf, readType, simple } from '../types.ts';

const named = (name: string, notation = name): readonly [string, CelType] => [name, readType(notation)];

/** Types of values, by what rules call them; names may have dots. */
const VALUE_TYPES: ReadonlyMap<string, CelType> = new Map([
  ...['bool', 'int', 'uint', 'double', 'string', 'bytes'].map((name) => named(name)),
  named('google.protobuf.Duration', 'duration'),
  named('google.protobuf.Timestamp', 'timestamp'),
  named('kubernetes.Quantity', 'quantity'),
  named('net.IP', 'ip'),
  named('net.CIDR', 'cidr'),
  named('kubernetes.URL', 'url'),
  named('kubernetes.Semver', 'semver'),
  named('kubernetes.NamedFormat', 'format'),
]);
const OTHER_TYPES: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['list', listOf(DYN)],
  ['map', mapOf(DYN, DYN)],
  ['null_type', simple('null')],
  ['dyn', DYN],
  ['type', { kind: 'type', of: DYN }],
  ['optional_type', optionalOf(DYN)],
]);

/** The type that an identifier names, unless a variable has its name. */
export const typeOfIdentifier = (name: string): CelType | undefined =>
  VALUE_TYPES.get(name) ?? OTHER_TYPES.get(name);

/** The type that a selection like `net.IP` names, unless a variable has the name of its first part. */
export const typeOfQualifiedName = (name: string): CelType | undefined => VALUE_TYPES.get(name);
