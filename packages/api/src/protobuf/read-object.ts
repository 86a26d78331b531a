import { setOwn } from '@sampan/base';
import type { Field, ScalarType, StructType, TypeSchema } from '../schema/type-schema.ts';
import { ProtobufError, type WireValue, wireFields } from './wire-reader.ts';

/** How one field number of a message is read. */
interface FieldPlan {
  readonly field?: Field;
  /** Fields of a message that Go embeds in the struct. */
  readonly inline?: Plan;
}
type Plan = ReadonlyMap<number, FieldPlan>;

const plans = new WeakMap<StructType, Plan>();

/** Field tags are `NUMBER,WIRE`; `OUTER.INNER,WIRE` for a field of an embedded message. */
function planOf(type: StructType): Plan {
  return plans.getOrInsertComputed(type, buildPlan);
}

function buildPlan(type: StructType): Plan {
  const plan = new Map<number, FieldPlan>();
  for (const field of type.fields.values()) {
    const tag = field.protobuf?.split(',', 1)[0];
    if (tag === undefined || tag === '') continue;
    place(plan, tag.split('.').map(Number), field);
  }
  return plan;
}

function place(plan: Map<number, FieldPlan>, path: readonly number[], field: Field): void {
  const [number, ...rest] = path;
  if (number === undefined) return;
  if (rest.length === 0) {
    plan.set(number, { field });
    return;
  }
  const inline =
    (plan.get(number)?.inline as Map<number, FieldPlan> | undefined) ?? new Map<number, FieldPlan>();
  plan.set(number, { inline });
  place(inline, rest, field);
}

/** The JSON form of a message of a type; unknown fields are skipped, as protobuf demands. */
export function readObject(bytes: Uint8Array, type: StructType): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  readInto(object, bytes, planOf(type));
  return object;
}

function readInto(object: Record<string, unknown>, bytes: Uint8Array, plan: Plan): void {
  for (const { number, value } of wireFields(bytes)) {
    const known = plan.get(number);
    if (known?.inline) readInto(object, message(value), known.inline);
    else if (known?.field) readField(object, known.field, value);
  }
}

function readField(object: Record<string, unknown>, field: Field, value: WireValue): void {
  const { type, name } = field;
  if (type.type === 'list') {
    const list = (object[name] as unknown[] | undefined) ?? [];
    object[name] = list;
    list.push(readValue(value, type.items));
  } else if (type.type === 'map') {
    const map = (object[name] as Record<string, unknown> | undefined) ?? {};
    object[name] = map;
    readEntry(map, message(value), type.values);
  } else {
    object[name] = readValue(value, type);
  }
}

function readEntry(map: Record<string, unknown>, bytes: Uint8Array, values: TypeSchema): void {
  let key = '';
  let value: unknown = emptyValue(values);
  for (const field of wireFields(bytes)) {
    if (field.number === 1) key = text(field.value);
    else if (field.number === 2) value = readValue(field.value, values);
  }
  setOwn(map, key, value);
}

function emptyValue(type: TypeSchema): unknown {
  return type.type === 'list' ? [] : type.type === 'string' ? '' : {};
}

function readValue(value: WireValue, type: TypeSchema): unknown {
  switch (type.type) {
    case 'struct':
      return readObject(message(value), type);
    case 'list':
      // a named list type within a map is a message of its own (`ExtraValue`)
      return [...wireFields(message(value))]
        .filter(({ number }) => number === 1)
        .map((item) => readValue(item.value, type.items));
    case 'map':
      throw new ProtobufError('proto: a map within a map or list is not known');
    case 'any':
      return rawJson(message(value));
    default:
      return readScalar(value, type);
  }
}

function readScalar(value: WireValue, { type, format }: ScalarType): unknown {
  if (format === 'int-or-string') return intOrString(message(value));
  if (type === 'boolean') return varint(value) !== 0n;
  if (type === 'integer') return integer(varint(value));
  if (type === 'number') return new DataView(exact(value, 8)).getFloat64(0, true);
  switch (format) {
    case 'byte':
      return Buffer.from(message(value)).toString('base64');
    case 'date-time':
    case 'micro-time':
      return time(message(value), format === 'micro-time');
    case 'duration':
      return `${numbered(message(value), 1)}ns`;
    case 'quantity':
      return textOf(message(value), 1);
    default:
      return text(value);
  }
}

function message(value: WireValue): Uint8Array {
  if (typeof value === 'bigint') throw new ProtobufError('proto: wrong wireType');
  return value;
}

function varint(value: WireValue): bigint {
  if (typeof value !== 'bigint') throw new ProtobufError('proto: wrong wireType');
  return value;
}

function exact(value: WireValue, length: number): ArrayBuffer {
  const bytes = message(value);
  if (bytes.length !== length) throw new ProtobufError('proto: wrong wireType');
  return new Uint8Array(bytes).buffer;
}

const decoder = new TextDecoder('utf-8');

function text(value: WireValue): string {
  return decoder.decode(message(value));
}

function integer(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

/** The integer in a field of a small message; 0 when absent. */
function numbered(bytes: Uint8Array, wanted: number): number {
  let found = 0;
  for (const { number, value } of wireFields(bytes)) if (number === wanted) found = integer(varint(value));
  return found;
}

function textOf(bytes: Uint8Array, wanted: number): string {
  let found = '';
  for (const { number, value } of wireFields(bytes)) if (number === wanted) found = text(value);
  return found;
}

/** util/intstr IntOrString: `type` 0 is the integer. */
function intOrString(bytes: Uint8Array): number | string {
  return numbered(bytes, 1) === 0 ? numbered(bytes, 2) : textOf(bytes, 3);
}

/** metav1.Time and MicroTime: seconds and nanoseconds; nothing at all is the zero time. */
function time(bytes: Uint8Array, micro: boolean): string | null {
  if (bytes.length === 0) return null;
  const seconds = numbered(bytes, 1);
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new ProtobufError('proto: a time is out of range');
  const stem = date.toISOString().slice(0, 19);
  if (!micro) return `${stem}Z`;
  return `${stem}.${String(Math.trunc(numbered(bytes, 2) / 1000)).padStart(6, '0')}Z`;
}

/** RawExtension, FieldsV1, JSON: the bytes in field 1. */
function rawJson(bytes: Uint8Array): unknown {
  const json = textOf(bytes, 1);
  if (json === '') return null;
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new ProtobufError(`raw JSON in a protobuf message: ${(error as Error).message}`);
  }
}
