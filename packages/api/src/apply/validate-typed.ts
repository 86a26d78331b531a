import { goValue } from '../patch/go-format.ts';
import type { ListType, MapType, Scalar, ScalarType, StructType, TypeSchema } from '../schema/type-schema.ts';
import { elementText } from './path-element.ts';
import { asList, asMap, isAssociative, itemElement, type JsonMap, TypedError } from './typed-value.ts';

/** A place in a value (`.spec.replicas`) and what is wrong there. */
interface Violation {
  readonly path: string;
  readonly message: string;
}

/**
 * Checks an applied configuration against its type, with structured-merge-diff's messages; undefined when it
 * fits. Several violations make one text.
 */
export function validateTyped(value: unknown, type: TypeSchema): string | undefined {
  const violations: Violation[] = [];
  validate(value, type, '', violations);
  if (violations.length === 0) return undefined;
  const texts = violations.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return texts.length === 1 ? texts[0] : ['errors:', ...texts.map((text) => `  ${text}`)].join('\n');
}

function validate(value: unknown, type: TypeSchema, path: string, out: Violation[]): void {
  if (value === null || value === undefined || type.type === 'any') return;
  switch (type.type) {
    case 'struct':
    case 'map': {
      const map = asMap(value);
      if (map === undefined) out.push({ path, message: `expected map, got ${pointer(value)}` });
      else validateMap(map, type, path, out);
      break;
    }
    case 'list': {
      const list = asList(value);
      if (list === undefined) out.push({ path, message: `expected list, got ${pointer(value)}` });
      else validateList(list, type, path, out);
      break;
    }
    default: {
      const message = validateScalar(value, type);
      if (message !== undefined) out.push({ path, message });
    }
  }
}

function validateMap(map: JsonMap, type: MapType | StructType, path: string, out: Violation[]): void {
  for (const key of Object.keys(map)) {
    const at = `${path}.${key}`;
    const entry = type.type === 'map' ? type.values : (type.fields.get(key)?.type ?? type.unknown);
    if (entry === undefined) out.push({ path: at, message: 'field not declared in schema' });
    else validate(map[key], entry, at, out);
  }
}

function validateList(list: readonly unknown[], type: ListType, path: string, out: Violation[]): void {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    let at = `[${index}]`;
    if (isAssociative(type)) {
      const element = elementOrViolation(type, item, index, path, out);
      if (element === undefined) return;
      at = elementText(element);
      if (seen.has(element)) out.push({ path, message: `duplicate entries for key ${at}` });
      seen.add(element);
    }
    validate(item, type.items, path + at, out);
  }
}

function elementOrViolation(
  type: ListType,
  item: unknown,
  index: number,
  path: string,
  out: Violation[],
): string | undefined {
  try {
    return itemElement(type, item);
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    out.push({ path, message: `element ${index}: ${error.message}` });
    return undefined;
  }
}

/** Formats whose Go types upstream's schema takes as any scalar. */
const UNTYPED: ReadonlySet<string> = new Set(['date-time', 'micro-time', 'quantity', 'int-or-string']);

const EXPECTED: Record<Scalar, { type: string; message: (value: unknown) => string }> = {
  string: {
    type: 'string',
    message: (v) => `expected string, got &value.valueUnstructured{Value:${goSyntax(v)}}`,
  },
  boolean: { type: 'boolean', message: (v) => `expected boolean, got ${pointer(v)}` },
  integer: { type: 'number', message: (v) => `expected numeric (int or float), got ${goTypeOf(v)}` },
  number: { type: 'number', message: (v) => `expected numeric (int or float), got ${goTypeOf(v)}` },
};

function validateScalar(value: unknown, type: ScalarType): string | undefined {
  const actual = typeof value === 'bigint' ? 'number' : typeof value;
  if (type.format !== undefined && UNTYPED.has(type.format)) {
    return actual === 'object' ? `expected any scalar, got ${pointer(value)}` : undefined;
  }
  const expected = EXPECTED[type.type];
  return actual === expected.type ? undefined : expected.message(value);
}

function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** `%#v` */
function goSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  const map = asMap(value);
  if (map !== undefined) {
    const keys = Object.keys(map).sort();
    return `map[string]interface {}{${keys.map((key) => `${JSON.stringify(key)}:${goSyntax(map[key])}`).join(', ')}}`;
  }
  return value === null ? 'interface {}(nil)' : JSON.stringify(value);
}

/** `%v` of the pointer to a struct that holds the value. */
function pointer(value: unknown): string {
  return `&{${goValue(value)}}`;
}
