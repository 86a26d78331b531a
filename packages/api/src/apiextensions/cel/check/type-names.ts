import { type CelType, DYN, formatType, listOf, mapOf, optionalOf, readType, simple } from '../types.ts';

/** Types in the notation of the function table; rules call them as messages do (`google.protobuf.Duration`). */
const NOTATIONS = [
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'duration',
  'timestamp',
  'quantity',
  'ip',
  'cidr',
  'url',
  'semver',
  'format',
];

/** Types whose names may have dots. */
const VALUE_TYPES: ReadonlyMap<string, CelType> = new Map(
  NOTATIONS.map((notation) => {
    const type = readType(notation);
    return [formatType(type), type] as const;
  }),
);
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
