import { atomicStructs, modelName, shortName, type TableField, table, tableFields } from './table.ts';
import type { AnyType, Field, ScalarType, StructType, TypeSchema } from './type-schema.ts';

/** The wire forms of Go's basic and special types. */
const BASIC: Readonly<Record<string, ScalarType | AnyType>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time' },
  microtime: { type: 'string', format: 'micro-time' },
  duration: { type: 'string', format: 'duration' },
  quantity: { type: 'string', format: 'quantity' },
  intstr: { type: 'string', format: 'int-or-string' },
  raw: { type: 'any' },
  json: { type: 'any' },
  fields: { type: 'any', shared: true },
};

/** A struct whose fields are resolved when first asked for, so that cyclic types and a fast start are possible. */
class TableStruct implements StructType {
  readonly type = 'struct';
  readonly name: string;
  readonly atomic: boolean;
  #short: string;
  #fields: ReadonlyMap<string, Field> | undefined;

  constructor(short: string, atomic: boolean) {
    this.#short = short;
    this.name = modelName(short);
    this.atomic = atomic;
  }

  get fields(): ReadonlyMap<string, Field> {
    this.#fields ??= new Map(
      (tableFields(this.#short) ?? []).map((field) => [field.name, resolveField(field)]),
    );
    return this.#fields;
  }
}

const structs = new Map<string, StructType>();
const atomicOnes = new Map<string, StructType>();
const scalars = new Map<string, TypeSchema>();

function structOf(short: string, atomic = atomicStructs.has(short)): StructType {
  const cache = atomic ? atomicOnes : structs;
  let struct = cache.get(short);
  if (!struct) {
    struct = new TableStruct(short, atomic);
    cache.set(short, struct);
  }
  return struct;
}

/**
 * The type of a built-in kind or part of one by upstream's OpenAPI name, for example
 * `io.k8s.api.core.v1.Pod`; the same object each time. Throws a plain Error for a name that is not in the table.
 */
export function schemaOf(model: string): StructType {
  const short = shortName(model);
  if (modelName(short) !== model || !Object.hasOwn(table.structs, short)) {
    throw new Error(`no such type: ${model}`);
  }
  return structOf(short);
}

/** All type names of the table, in OpenAPI form. */
export function modelNames(): string[] {
  return Object.keys(table.structs).map(modelName);
}

function resolve(expression: string, flags?: ReadonlyMap<string, string>): TypeSchema {
  if (expression.startsWith('*')) return resolve(expression.slice(1), flags);
  if (expression.startsWith('[]')) return listOf(resolve(expression.slice(2)), flags);
  if (expression.startsWith('{')) {
    const values = resolve(expression.slice(expression.indexOf('}') + 1));
    return { type: 'map', values, ...(flags?.get('map') === 'atomic' ? { atomic: true } : {}) };
  }
  if (expression.startsWith('(')) {
    return {
      type: 'any',
      either: expression
        .slice(1, -1)
        .split('|')
        .map((part) => resolve(part)),
    };
  }
  const basic = BASIC[expression];
  if (basic) return basic;
  const alias = table.names[expression];
  if (alias !== undefined) return resolveName(expression, alias, flags);
  return structOf(expression, flags?.get('struct') === 'atomic' ? true : undefined);
}

function listOf(items: TypeSchema, flags: ReadonlyMap<string, string> | undefined): TypeSchema {
  const listType = flags?.get('list') as 'atomic' | 'set' | 'map' | undefined;
  const keys = flags?.get('keys');
  return {
    type: 'list',
    items,
    ...(listType ? { listType } : {}),
    ...(keys ? { listKeys: keys.split(',') } : {}),
  };
}

function resolveName(name: string, alias: string, flags?: ReadonlyMap<string, string>): TypeSchema {
  const values = table.enums[name];
  if (!values) return resolve(alias, flags);
  let scalar = scalars.get(name);
  if (!scalar) {
    scalar = { type: 'string', enum: values };
    scalars.set(name, scalar);
  }
  return scalar;
}

function resolveField({ name, type, flags }: TableField): Field {
  const strategy = flags.get('patch');
  const key = flags.get('key');
  const protobuf = flags.get('pb');
  const standard = flags.get('default');
  return {
    name,
    type: resolve(type, flags),
    ...(flags.has('omit') ? { omitEmpty: true } : {}),
    ...(type.startsWith('*') ? { pointer: true } : {}),
    ...(flags.has('req') ? { required: true } : {}),
    ...(standard === undefined ? {} : { default: JSON.parse(standard) as unknown }),
    ...(strategy ? { patchStrategy: strategy.split(',') as ('merge' | 'replace' | 'retainKeys')[] } : {}),
    ...(key ? { patchMergeKey: key } : {}),
    ...(protobuf ? { protobuf } : {}),
  };
}
