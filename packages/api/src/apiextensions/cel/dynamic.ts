import { isObject, type Json, type JsonObject, setOwn } from '@sampan/base';
import { CompileError, type Expr, type MapExpr, type StructExpr, Uint } from './ast.ts';
import { check } from './check/checker.ts';
import { type Program, program } from './evaluate.ts';
import { parse } from './parser.ts';
import { type CelType, simple } from './types.ts';
import {
  CelError,
  type CelValue,
  isList,
  isMap,
  type ListValue,
  type MapValue,
  spend,
  typeName,
} from './values.ts';

const DYN = simple('dyn');

/** The variables of an expression and their types. */
export type Variables = ReadonlyMap<string, CelType>;

/** Variables of any type. */
export const untyped = (names: readonly string[]): Variables => new Map(names.map((name) => [name, DYN]));

/** The type of an object that has these fields, of any type, and no others. */
export const objectWith = (name: string, fields: readonly string[]): CelType => ({
  kind: 'object',
  name,
  fields: untyped(fields),
});

export type CompiledExpression = { readonly program: Program } | { readonly error: string };

/**
 * Compiles an expression over objects whose type is not known when it is checked: admission's `object`, `request`
 * and so on. `result` is the type it must have, or 'any'.
 */
export function compileDynamic(
  source: string,
  variables: Variables,
  result: CelType['kind'] | 'any',
): CompiledExpression {
  try {
    const expr = rewritten(parse(source), variables);
    const checked = check(source, expr, variables);
    const kind = checked.types.get(expr.id)?.kind;
    if (result !== 'any' && kind !== result && kind !== 'dyn') return { error: `must evaluate to ${result}` };
    return { program: program(checked, [...variables.keys()]) };
  } catch (error) {
    if (error instanceof CompileError || error instanceof CelError)
      return { error: `compilation failed: ${error.message}` };
    if (error instanceof RangeError) return { error: 'compilation failed: expression is nested too deeply' };
    throw error;
  }
}

/** Names of types whose values expressions of mutations make (KEP-3962). */
const MADE = /^(Object(\..+)?|JSONPatch)$/;

/**
 * Makes `a.b` one name where it is the name of a variable (`authorizer.requestResource`), and a map of
 * `Object.spec{replicas: 1}`.
 */
function rewritten<T>(part: T, variables: Variables): T {
  if (Array.isArray(part)) return part.map((item) => rewritten(item, variables)) as T;
  if (!isExpression(part)) return part;
  if (part.kind === 'select' && part.operand.kind === 'ident' && !part.test) {
    const name = `${part.operand.name}.${part.field}`;
    if (variables.has(name)) return { kind: 'ident', id: part.id, pos: part.pos, name } as T;
  }
  if (part.kind === 'struct' && MADE.test(part.name)) return asMap(part, variables) as T;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [key, rewritten(value, variables)]),
  ) as T;
}

function asMap({ id, pos, fields }: StructExpr, variables: Variables): MapExpr {
  // no other node has a number below 0
  const own = (index: number) => ({ id: -(id * MAX_FIELDS + index), pos });
  const entries = fields.map(({ name, value, optional }, i) => ({
    key: { kind: 'const' as const, ...own(2 * i), value: name },
    // values of several types may be in one object
    value: { kind: 'call' as const, ...own(2 * i + 1), fn: 'dyn', args: [rewritten(value, variables)] },
    optional,
  }));
  return { kind: 'map', id, pos, entries };
}

const MAX_FIELDS = 100_000;

/** An expression, or an entry of a map in one. */
function isExpression(part: unknown): part is Expr {
  return (
    typeof part === 'object' && part !== null && ('id' in part || ('value' in part && 'optional' in part))
  );
}

/** A JSON value as an expression sees it without a schema: whole numbers are ints. */
export function fromAny(value: unknown): CelValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (Array.isArray(value)) return new AnyList(value);
  if (isObject(value)) return new AnyMap(value);
  throw new CelError('unsupported conversion');
}

/** The JSON value of what an expression made. Throws CelError for values that have none. */
export function toJson(value: CelValue): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (isList(value)) return Array.from({ length: value.size }, (_, i) => toJson(value.get(i)));
  if (isMap(value)) {
    spend(1 + value.size);
    const json: JsonObject = {};
    for (const key of value.keys()) setOwn(json, String(key), toJson(value.get(key) ?? null) as Json);
    return json;
  }
  if (value instanceof Uint) return toJson(value.value);
  throw new CelError(`a value of type ${typeName(value)} has no form in JSON`);
}

/** An object whose fields are computed when they are first read. */
export function lazyObject(fields: ReadonlyMap<string, () => CelValue>): MapValue {
  const names = [...fields.keys()];
  return {
    kind: 'map',
    object: true,
    size: names.length,
    get: (key) => (typeof key === 'string' ? fields.get(key)?.() : undefined),
    keys: () => names,
  };
}

class AnyList implements ListValue {
  readonly kind = 'list';
  readonly #items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.#items = items;
  }
  get size(): number {
    return this.#items.length;
  }
  get(index: number): CelValue {
    return fromAny(this.#items[index]);
  }
}

class AnyMap implements MapValue {
  readonly kind = 'map';
  readonly #object: JsonObject;
  constructor(object: JsonObject) {
    this.#object = object;
  }
  get size(): number {
    return this.keys().length;
  }
  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#object, key)) return undefined;
    return fromAny(this.#object[key]);
  }
  keys(): CelValue[] {
    const names = Object.keys(this.#object);
    spend(1 + (names.length >> 1));
    return names;
  }
}
