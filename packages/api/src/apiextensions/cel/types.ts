/** CEL types as the checker sees them. */
export type CelType =
  | { readonly kind: Simple }
  | { readonly kind: 'list'; readonly of: CelType }
  | { readonly kind: 'map'; readonly key: CelType; readonly value: CelType }
  | { readonly kind: 'optional'; readonly of: CelType }
  | { readonly kind: 'type'; readonly of: CelType }
  /** An object of the schema; equal only to one of the same fields (the same map). */
  | { readonly kind: 'object'; readonly name: string; readonly fields: ReadonlyMap<string, CelType> }
  /** A type parameter of an overload or a variable of the checker. */
  | { readonly kind: 'param'; readonly name: string };

export type Simple =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'dyn'
  | 'error'
  | 'duration'
  | 'timestamp'
  | 'kubernetes.URL'
  | 'kubernetes.Quantity'
  | 'net.IP'
  | 'net.CIDR'
  | 'kubernetes.NamedFormat'
  | 'kubernetes.Semver'
  | 'kubernetes.authorization.Authorizer'
  | 'kubernetes.authorization.Decision'
  | 'kubernetes.authorization.GroupCheck'
  | 'kubernetes.authorization.PathCheck'
  | 'kubernetes.authorization.ResourceCheck';

const SIMPLE: readonly Simple[] = [
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'null',
  'dyn',
  'error',
  'duration',
  'timestamp',
  'kubernetes.URL',
  'kubernetes.Quantity',
  'net.IP',
  'net.CIDR',
  'kubernetes.NamedFormat',
  'kubernetes.Semver',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.Decision',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.ResourceCheck',
];
const simples = new Map<string, CelType>(SIMPLE.map((kind) => [kind, { kind }]));
const ALIASES: Readonly<Record<string, Simple>> = {
  url: 'kubernetes.URL',
  quantity: 'kubernetes.Quantity',
  ip: 'net.IP',
  cidr: 'net.CIDR',
  format: 'kubernetes.NamedFormat',
  semver: 'kubernetes.Semver',
  authorizer: 'kubernetes.authorization.Authorizer',
  decision: 'kubernetes.authorization.Decision',
  groupCheck: 'kubernetes.authorization.GroupCheck',
  pathCheck: 'kubernetes.authorization.PathCheck',
  resourceCheck: 'kubernetes.authorization.ResourceCheck',
};

export const simple = (kind: Simple): CelType => simples.get(kind) as CelType;
export const DYN = simple('dyn');
export const BOOL = simple('bool');
export const STRING = simple('string');
export const INT = simple('int');
export const ERROR = simple('error');
export const listOf = (of: CelType): CelType => ({ kind: 'list', of });
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', key, value });
export const optionalOf = (of: CelType): CelType => ({ kind: 'optional', of });

/** Reads `list<A>`, `map<string,list<string>>`, `optional<quantity>`: the notation of the function table. */
export function readType(text: string): CelType {
  const open = text.indexOf('<');
  if (open < 0) return simples.get(ALIASES[text] ?? text) ?? { kind: 'param', name: text };
  const outer = text.slice(0, open);
  const parts = splitTop(text.slice(open + 1, -1)).map(readType) as [CelType, CelType];
  if (outer === 'map') return mapOf(parts[0], parts[1]);
  if (outer === 'list') return listOf(parts[0]);
  return outer === 'type' ? { kind: 'type', of: parts[0] } : optionalOf(parts[0]);
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '<') depth++;
    else if (text[i] === '>') depth--;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** cel-go's FormatCELType. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.of)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'optional':
      return `optional_type(${formatType(type.of)})`;
    case 'type':
      return `type(${formatType(type.of)})`;
    case 'object':
    case 'param':
      return type.name;
    default:
      return type.kind === 'error' ? '!error!' : type.kind;
  }
}

/** The name of a type as its values tell it at run time, by `type(x)`; undefined: that of any. */
export function runtimeName(type: CelType): string | undefined {
  switch (type.kind) {
    case 'param':
    case 'dyn':
      return undefined;
    case 'duration':
      return 'google.protobuf.Duration';
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'null':
      return 'null_type';
    case 'optional':
      return 'optional_type';
    default:
      return type.kind;
  }
}

export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'list' || a.kind === 'optional' || a.kind === 'type')
    return sameType(a.of, (b as typeof a).of);
  if (a.kind === 'map')
    return sameType(a.key, (b as typeof a).key) && sameType(a.value, (b as typeof a).value);
  if (a.kind === 'param') return a.name === (b as typeof a).name;
  return a.kind !== 'object' || a.fields === (b as typeof a).fields;
}
