import { QUANTITY_FORMAT_ERROR, Quantity } from '@sampan/base';
import { canonicalBase64 } from './base64.ts';
import { fits } from './decode.ts';
import { shortName, table, tableFields } from './table.ts';
import { canonicalDuration, canonicalMicroTime, canonicalTime } from './times.ts';
import type { StructType } from './type-schema.ts';

/**
 * Says in the words of Go's encoding/json why a value does not fit a built-in type:
 * `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`. Like Go it
 * goes on after a wrong type and reports the first, but stops at a type with a parser of its own (times,
 * quantities). Slow; for values that `decode` has refused. Undefined when nothing is wrong.
 */
export function explainMismatch(schema: StructType, value: unknown): string | undefined {
  const walk = new Walk();
  try {
    walk.visit(shortName(schema.name ?? ''), value);
  } catch (error) {
    if (error instanceof Stop) return error.message;
    throw error;
  }
  return walk.first;
}

/** An error that ends the decoding at once. */
class Stop extends Error {}

class Walk {
  first: string | undefined;
  #path: string[] = [];
  #struct = '';

  visit(expression: string, value: unknown): void {
    if (expression.startsWith('*')) {
      this.visit(expression.slice(1), value);
      return;
    }
    const special = SPECIAL[expression];
    if (special) {
      special(this, value);
      return;
    }
    if (value === null) return;
    const scalar = SCALARS[underlying(expression)];
    if (scalar) {
      if (!scalar.accepts(value))
        this.#save(this.unmarshalError(jsonType(value, scalar.numeric), goType(expression)));
      return;
    }
    this.#composite(expression, underlying(expression), value);
  }

  #composite(expression: string, type: string, value: unknown): void {
    if (type.startsWith('(')) this.#either(type, value);
    else if (type === 'bytes') this.#bytes(value);
    else if (type.startsWith('[]')) {
      if (!Array.isArray(value)) this.#wrong(expression, value);
      else for (const item of value) this.visit(type.slice(2), item);
    } else if (typeof value !== 'object' || Array.isArray(value)) this.#wrong(expression, value);
    else if (type.startsWith('{')) {
      const values = type.slice(type.indexOf('}') + 1);
      for (const item of Object.values(value as object)) this.visit(values, item);
    } else this.#object(type, value as Record<string, unknown>);
  }

  #wrong(expression: string, value: unknown): void {
    this.#save(this.unmarshalError(jsonType(value), goType(expression)));
  }

  #object(type: string, value: Record<string, unknown>): void {
    const outer = this.#struct;
    const fields = new Map((tableFields(type) ?? []).map((field) => [field.name, field.type]));
    for (const key of Object.keys(value)) {
      const field = fields.get(key);
      if (field === undefined) continue;
      this.#path.push(key);
      this.#struct = type.slice(type.lastIndexOf('.') + 1);
      this.visit(field, value[key]);
      this.#path.pop();
      this.#struct = outer;
    }
  }

  #bytes(value: unknown): void {
    if (typeof value !== 'string') {
      this.#wrong('bytes', value);
      return;
    }
    try {
      canonicalBase64(value);
    } catch (error) {
      this.#save(String((error as Error).message));
    }
  }

  /** Decoded in a nested pass of its own by upstream, so that the path starts anew. */
  #either(type: string, value: unknown): void {
    const options = type.slice(1, -1).split('|');
    const chosen = options.find((option) => fits({ type: shape(option) } as never, value));
    if (chosen === undefined) {
      if (options.includes('bool')) throw new Stop('boolean or JSON schema expected');
      return;
    }
    const nested = new Walk();
    nested.visit(chosen, value);
    if (nested.first !== undefined) throw new Stop(nested.first);
  }

  #save(message: string): void {
    this.first ??= message;
  }

  unmarshalError(found: string, type: string): string {
    const place = this.#path.length === 0 ? 'value' : `struct field ${this.#struct}.${this.#path.join('.')}`;
    return `json: cannot unmarshal ${found} into Go ${place} of type ${type}`;
  }
}

function shape(option: string): string {
  if (option.startsWith('[]')) return 'list';
  return option === 'bool' ? 'boolean' : 'struct';
}

/** Types with an UnmarshalJSON of their own. */
const SPECIAL: Readonly<Record<string, (walk: Walk, value: unknown) => void>> = {
  raw: () => {},
  json: () => {},
  fields: () => {},
  time: (walk, value) => parsed(walk, value, canonicalTime),
  microtime: (walk, value) => parsed(walk, value, canonicalMicroTime),
  duration: (walk, value) => parsed(walk, value, canonicalDuration),
  quantity: (_, value) => {
    if (value === null) return;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint')
      throw new Stop(QUANTITY_FORMAT_ERROR);
    stopOnError(() => Quantity.parse(String(value).trim()));
  },
  intstr: (walk, value) => {
    if (value === null || typeof value === 'string' || isInteger(value, 32)) return;
    throw new Stop(walk.unmarshalError(jsonType(value, true), 'int32'));
  },
};

function parsed(walk: Walk, value: unknown, parse: (text: string) => unknown): void {
  if (value === null) return;
  if (typeof value !== 'string') throw new Stop(walk.unmarshalError(jsonType(value), 'string'));
  stopOnError(() => parse(value));
}

function stopOnError(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    throw new Stop(error instanceof Error ? error.message : String(error));
  }
}

function isInteger(value: unknown, bits: number): boolean {
  const limit = 2 ** (bits - 1);
  return typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit;
}

const SCALARS: Readonly<Record<string, { accepts(value: unknown): boolean; numeric?: boolean }>> = {
  string: { accepts: (value) => typeof value === 'string' },
  bool: { accepts: (value) => typeof value === 'boolean' },
  int32: { accepts: (value) => isInteger(value, 32), numeric: true },
  // one that we do not take, of which decoding has told
  int64: { accepts: (value) => typeof value === 'bigint' || isInteger(value, 64), numeric: true },
  float64: { accepts: (value) => typeof value === 'number' || typeof value === 'bigint' },
};

/** Go shows the literal of a number that an integer type cannot hold. */
function jsonType(value: unknown, showNumber = false): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint')
    return showNumber ? `number ${value}` : 'number';
  return typeof value;
}

/** What a named type stands for. */
function underlying(expression: string): string {
  const alias = table.names[expression];
  return alias === undefined ? expression : underlying(alias);
}

const GO_NAMES: Readonly<Record<string, string>> = {
  bytes: '[]uint8',
  time: 'v1.Time',
  microtime: 'v1.MicroTime',
  duration: 'v1.Duration',
  quantity: 'resource.Quantity',
  intstr: 'intstr.IntOrString',
  raw: 'runtime.RawExtension',
  json: 'v1.JSON',
  fields: 'v1.FieldsV1',
};

/** `core.v1.PodSpec` as Go prints it: `v1.PodSpec`. */
function goType(expression: string): string {
  if (expression.startsWith('*')) return `*${goType(expression.slice(1))}`;
  if (expression.startsWith('[]')) return `[]${goType(expression.slice(2))}`;
  if (expression.startsWith('{')) {
    const end = expression.indexOf('}');
    return `map[${goType(expression.slice(1, end) || 'string')}]${goType(expression.slice(end + 1))}`;
  }
  const known = GO_NAMES[expression];
  if (known) return known;
  const parts = expression.split('.');
  return parts.length === 3 ? parts.slice(1).join('.') : expression;
}
