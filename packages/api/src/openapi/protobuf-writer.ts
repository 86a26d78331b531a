/**
 * Writes JSON values as protobuf messages by a table: for each message the JSON key, field number and type of
 * its fields. Enough for the OpenAPI documents (gnostic); https://protobuf.dev/programming-guides/encoding/.
 *
 * A message is a string of `KEY=NUMBER:TYPE`; TYPE is `string`, `bool`, `double`, `int64`, a message, or one of
 * these with `*` after it (repeated). Default type: string. A type `map<M>` is a message whose field 1 repeats
 * pairs of name (1) and value of message M (2). The key `/` stands for all keys with a slash first, `x-` for
 * vendor extensions, `#` for all other keys; these are repeated pairs.
 */
export type MessageTable = Readonly<Record<string, string | CustomMessage>>;

/** A message whose JSON form is not an object of its fields, such as a oneof. */
export type CustomMessage = (value: unknown, writer: ProtobufWriter) => Buffer;

interface FieldPlan {
  readonly number: number;
  readonly type: string;
  readonly repeated: boolean;
}

type MessagePlan = ReadonlyMap<string, FieldPlan>;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Two's complement in 64 bits, as int64 is written. */
function signedVarint(value: number): Buffer {
  if (value >= 0) return varint(value);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** A field of bytes: tag, length, content. */
export function bytesField(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + BYTES), varint(content.length), content]);
}

/** Values whose pair of name and value is kept: the same object always has the same name. */
export interface KeptPairs {
  readonly parts: ReadonlySet<unknown>;
  readonly encoded: WeakMap<object, Buffer>;
}

export class ProtobufWriter {
  #table: MessageTable;
  #plans = new Map<string, MessagePlan>();
  readonly #kept: KeptPairs | undefined;

  constructor(table: MessageTable, kept?: KeptPairs) {
    this.#table = table;
    this.#kept = kept;
  }

  /** The bytes of a message, without a length. */
  message(name: string, value: unknown): Buffer {
    const spec = this.#table[name];
    if (spec === undefined) throw new Error(`no such message: ${name}`);
    if (typeof spec === 'function') return spec(value, this);
    const plan = this.#plan(name, spec);
    const parts: Buffer[] = [];
    for (const [key, inner] of Object.entries(value as object)) {
      const field = plan.get(key) ?? plan.get(kindOfKey(key)) ?? plan.get('#');
      if (!field || inner === undefined) continue;
      if (!plan.has(key)) parts.push(this.#pair(field, key, inner));
      else if (field.repeated) for (const item of inner as unknown[]) parts.push(this.#field(field, item));
      else parts.push(this.#field(field, inner));
    }
    return Buffer.concat(parts);
  }

  #plan(name: string, spec: string): MessagePlan {
    let plan = this.#plans.get(name);
    if (!plan) {
      plan = new Map(spec.split(' ').map(parseField));
      this.#plans.set(name, plan);
    }
    return plan;
  }

  #pair(field: FieldPlan, name: string, value: unknown): Buffer {
    const { parts, encoded } = this.#kept ?? {};
    if (!encoded || !parts?.has(value)) return this.#newPair(field, name, value);
    return encoded.getOrInsertComputed(value as object, () => this.#newPair(field, name, value));
  }

  #newPair(field: FieldPlan, name: string, value: unknown): Buffer {
    const content = [bytesField(1, Buffer.from(name)), this.#field({ ...field, number: 2 }, value)];
    return bytesField(field.number, Buffer.concat(content));
  }

  #field({ number, type }: FieldPlan, value: unknown): Buffer {
    switch (type) {
      case 'string':
        return bytesField(number, Buffer.from(String(value)));
      case 'bool':
        return Buffer.concat([varint(number * 8 + VARINT), varint(value === true ? 1 : 0)]);
      case 'int64':
        return Buffer.concat([varint(number * 8 + VARINT), signedVarint(Number(value))]);
      case 'double': {
        const content = Buffer.alloc(8);
        content.writeDoubleLE(Number(value));
        return Buffer.concat([varint(number * 8 + FIXED64), content]);
      }
      default:
        return bytesField(number, this.#content(type, value));
    }
  }

  #content(type: string, value: unknown): Buffer {
    const map = /^map<(\w+)>$/.exec(type)?.[1];
    if (!map) return this.message(type, value);
    const field = { number: 1, type: map, repeated: false };
    return Buffer.concat(
      Object.entries(value as object).map(([name, inner]) => this.#pair(field, name, inner)),
    );
  }
}

function kindOfKey(key: string): string {
  if (key.startsWith('x-')) return 'x-';
  return key.startsWith('/') ? '/' : '#';
}

function parseField(text: string): [string, FieldPlan] {
  const match = /^(.+)=(\d+)(?::(.+?))?(\*)?$/.exec(text);
  if (!match) throw new Error(`bad field: ${text}`);
  return [
    match[1] ?? '',
    { number: Number(match[2]), type: match[3] ?? 'string', repeated: match[4] === '*' },
  ];
}
