import { deepClone, Quantity, setOwn } from '@sampan/base';
import { canonicalBase64 } from './base64.ts';
import { canonicalDuration, canonicalMicroTime, canonicalTime } from './times.ts';
import type { Field, ScalarType, StructType, TypeSchema } from './type-schema.ts';

/**
 * A value whose JSON type is not the schema's, or a text that its format refuses. `explainMismatch` tells it in
 * upstream's words.
 */
export class Mismatch extends Error {
  constructor(message = 'the value does not fit its type') {
    super(message);
    this.name = 'Mismatch';
  }
}

export interface Decoded {
  /** Normalized, mutable, owned by the caller; fields in the order of the schema. */
  readonly value: Record<string, unknown>;
  /** Fields were dropped because the schema does not know them; `strictErrors` names them. */
  readonly unknown: boolean;
}

/**
 * A decoder makes the normalized form of a value, and undefined when nothing is to be written (null for a
 * pointer, zero for `omitempty`). Decoders run synchronously and tell of unknown fields by `sawUnknown`.
 */
type Decoder = (value: unknown) => unknown;

let sawUnknown = false;

/**
 * What Go's decoding into the typed struct and encoding again would give: unknown fields gone, `omitempty`
 * zero values gone, other absent fields as their zero value, quantities, times and base64 canonical. `null`
 * is the same as absent; names are matched exactly (sigs.k8s.io/json). Never changes its argument.
 * Throws `Mismatch`.
 */
export function decode(schema: StructType, value: unknown): Decoded {
  const outer = sawUnknown;
  sawUnknown = false;
  try {
    const result = decoderOf(schema)(value) as Record<string, unknown>;
    return { value: result, unknown: sawUnknown };
  } finally {
    sawUnknown = outer;
  }
}

const mismatch = (): never => {
  throw new Mismatch();
};

const decoders = new WeakMap<TypeSchema, Decoder>();

/** The decoder of a non-pointer that is always written: null gives the zero value. */
function decoderOf(type: TypeSchema): Decoder {
  let decoder = decoders.get(type);
  if (!decoder) {
    decoder = build(type);
    decoders.set(type, decoder);
  }
  return decoder;
}

function build(type: TypeSchema): Decoder {
  switch (type.type) {
    case 'struct':
      return structDecoder(type);
    case 'list':
      return listDecoder(type.items);
    case 'map':
      return mapDecoder(type.values);
    case 'any':
      if (type.either) return eitherDecoder(type.either);
      return type.shared ? (value) => value : deepClone;
    default:
      return scalarDecoder(type);
  }
}

const INT32_MAX = 2 ** 31 - 1;
const INT64_LIMIT = 2 ** 63;

/** Kinds compute with their integers, so theirs stay numbers. Better no than another number. */
const INEXACT = 'integers beyond 2^53 are not supported in fields of built-in kinds';

const isInt32 = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value <= INT32_MAX && value >= -INT32_MAX - 1;

function scalarDecoder(type: ScalarType): Decoder {
  switch (type.type) {
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : value === null ? false : mismatch());
    case 'integer':
      if (type.format === 'int32') {
        return (value) => (isInt32(value) ? value : value === null ? 0 : mismatch());
      }
      return int64;
    case 'number':
      return float64;
    default:
      return textDecoder(type);
  }
}

function int64(value: unknown): unknown {
  if (typeof value === 'bigint') throw new Mismatch(`${INEXACT}: ${value}`);
  if (value === null) return 0;
  const fits =
    typeof value === 'number' && Number.isInteger(value) && value < INT64_LIMIT && value >= -INT64_LIMIT;
  return fits ? value : mismatch();
}

function float64(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === null) return 0;
  return typeof value === 'number' ? value : mismatch();
}

/** Runs a canonicalizer, whose plain errors are about the value. */
function canonical(make: (text: string) => string | null, zero: string | null = null): Decoder {
  return (value) => {
    if (value === null) return zero;
    if (typeof value !== 'string') return mismatch();
    try {
      return make(value);
    } catch (error) {
      throw new Mismatch(error instanceof Error ? error.message : String(error));
    }
  };
}

function textDecoder(type: ScalarType): Decoder {
  switch (type.format) {
    case 'byte':
      return canonical(canonicalBase64);
    case 'date-time':
      return canonical(canonicalTime);
    case 'micro-time':
      return canonical(canonicalMicroTime);
    case 'duration':
      return canonical(canonicalDuration, '0s');
    case 'quantity':
      return quantity;
    case 'int-or-string':
      return (value) =>
        typeof value === 'string' || isInt32(value) ? value : value === null ? 0 : mismatch();
    default:
      return (value) => (typeof value === 'string' ? value : value === null ? '' : mismatch());
  }
}

function quantity(value: unknown): unknown {
  if (value === null) return '0';
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return mismatch();
  try {
    return Quantity.parse(String(value).trim()).toString();
  } catch (error) {
    throw new Mismatch(error instanceof Error ? error.message : String(error));
  }
}

function eitherDecoder(options: readonly TypeSchema[]): Decoder {
  return (value) => {
    const before = sawUnknown;
    const option = options.find((type) => fits(type, value));
    if (!option) return options.some((type) => type.type === 'boolean') ? mismatch() : null;
    const result = decoderOf(option)(value);
    // Upstream decodes these in a nested pass that does not look for unknown fields.
    sawUnknown = before;
    return result;
  };
}

/** Does the JSON type of the value choose this option? */
export function fits(type: TypeSchema, value: unknown): boolean {
  if (Array.isArray(value)) return type.type === 'list';
  if (typeof value === 'boolean') return type.type === 'boolean';
  return typeof value === 'object' && value !== null && type.type === 'struct';
}

function listDecoder(items: TypeSchema): Decoder {
  let item: Decoder | undefined;
  return (value) => {
    if (value === null) return null;
    if (!Array.isArray(value)) return mismatch();
    item ??= decoderOf(items);
    const length = value.length;
    // Storage does not tell an empty list from none (protobuf), so upstream answers null where it is written.
    if (length === 0) return null;
    const result: unknown[] = [];
    for (let index = 0; index < length; index++) result.push(item(value[index]));
    return result;
  };
}

function mapDecoder(values: TypeSchema): Decoder {
  let item: Decoder | undefined;
  const bytes = values.type === 'string' && values.format === 'byte';
  return (value) => {
    if (value === null) return null;
    if (typeof value !== 'object' || Array.isArray(value)) return mismatch();
    item ??= decoderOf(values);
    const source = value as Record<string, unknown>;
    let result: Record<string, unknown> | null = null;
    for (const key of Object.keys(source)) {
      result ??= {};
      const decoded = item(source[key]);
      setOwn(result, key, bytes && decoded === null ? '' : decoded);
    }
    return result;
  };
}

interface Plan {
  readonly name: string;
  /** Gives undefined when the field is not to be written. */
  readonly decode: Decoder;
  /** Made for an absent field; undefined when nothing is written then. */
  readonly absent: Decoder | undefined;
  /** The name is also one of Object.prototype. */
  readonly inherited: boolean;
}

function structDecoder(type: StructType): Decoder {
  let plan: Plan[] | undefined;
  const unknownValues = type.unknown;
  return (value) => {
    const source = (value === null ? {} : value) as Record<string, unknown>;
    if (typeof source !== 'object' || Array.isArray(source)) return mismatch();
    plan ??= [...type.fields.values()].map(planField);
    const result: Record<string, unknown> = {};
    let known = 0;
    for (let index = 0; index < plan.length; index++) {
      const field = plan[index] as Plan;
      const raw = field.inherited && !Object.hasOwn(source, field.name) ? undefined : source[field.name];
      let decoded: unknown;
      if (raw !== undefined) {
        known++;
        decoded = field.decode(raw);
      } else if (field.absent !== undefined) decoded = field.absent(null);
      if (decoded !== undefined) {
        if (field.inherited) setOwn(result, field.name, decoded);
        else result[field.name] = decoded;
      }
    }
    let present = 0;
    for (const key in source) if (source[key] !== undefined) present++;
    if (present !== known) {
      if (unknownValues) copyUnknown(type, unknownValues, source, result);
      else sawUnknown = true;
    }
    return result;
  };
}

function copyUnknown(
  type: StructType,
  values: TypeSchema,
  source: Record<string, unknown>,
  result: Record<string, unknown>,
): void {
  for (const key of Object.keys(source)) {
    if (!type.fields.has(key)) setOwn(result, key, decoderOf(values)(source[key]));
  }
}

function planField(field: Field): Plan {
  const inner = decoderOf(field.type);
  const inherited = field.name in {};
  const { name } = field;
  if (field.pointer) {
    if (field.omitEmpty) {
      return {
        name,
        inherited,
        absent: undefined,
        decode: (value) => (value === null ? undefined : inner(value)),
      };
    }
    const nullable: Decoder = (value) => (value === null ? null : inner(value));
    return { name, inherited, absent: nullable, decode: nullable };
  }
  if (!field.omitEmpty) return { name, inherited, absent: inner, decode: inner };
  return { name, inherited, absent: undefined, decode: omitZero(field.type, inner) };
}

function omitZero(type: TypeSchema, inner: Decoder): Decoder {
  if (type.type === 'any') {
    return (value) => (value === null ? undefined : inner(value));
  }
  return (value) => {
    const decoded = inner(value);
    if (decoded === null || decoded === '' || decoded === false || decoded === 0) return undefined;
    return decoded;
  };
}
