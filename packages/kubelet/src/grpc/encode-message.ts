import { type FieldPlan, type Message, type MessageTable, planOf } from './message-table.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

/** The protobuf form of a message. Fields that the table lacks are a programmer's error and throw. */
export function encodeMessage(table: MessageTable, name: string, message: object): Buffer {
  const chunks: Buffer[] = [];
  writeMessage(chunks, table, name, message as Message);
  return Buffer.concat(chunks);
}

function writeMessage(out: Buffer[], table: MessageTable, name: string, message: Message): void {
  const { byName } = planOf(table, name);
  for (const [key, value] of Object.entries(message)) {
    if (value === undefined) continue;
    const field = byName.get(key);
    if (!field) throw new Error(`${name} has no field ${key}`);
    writeField(out, table, field, value);
  }
}

function writeField(out: Buffer[], table: MessageTable, field: FieldPlan, value: unknown): void {
  if (field.shape === 'list') {
    for (const item of value as unknown[]) writeValue(out, table, field, item);
  } else if (field.shape === 'map') {
    for (const [key, item] of Object.entries(value as object)) {
      const entry: Buffer[] = [];
      writeValue(entry, table, { number: 1, kind: 'string' }, key);
      writeValue(entry, table, { number: 2, kind: field.kind }, item);
      writeBytes(out, field.number, Buffer.concat(entry));
    }
  } else if (value !== '' && value !== 0 && value !== false) {
    // proto3: zero values are not written
    writeValue(out, table, field, value);
  }
}

function writeValue(
  out: Buffer[],
  table: MessageTable,
  { number, kind }: Pick<FieldPlan, 'number' | 'kind'>,
  value: unknown,
): void {
  switch (kind) {
    case 'string':
      writeBytes(out, number, Buffer.from(value as string));
      break;
    case 'bytes':
      writeBytes(out, number, value as Uint8Array);
      break;
    case 'bool':
      out.push(varint(number * 8 + VARINT), varint(value ? 1 : 0));
      break;
    case 'int':
      out.push(varint(number * 8 + VARINT), varint(value as number));
      break;
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value as number);
      out.push(varint(number * 8 + FIXED64), bytes);
      break;
    }
    default: {
      const inner: Buffer[] = [];
      writeMessage(inner, table, kind, value as Message);
      writeBytes(out, number, Buffer.concat(inner));
    }
  }
}

function writeBytes(out: Buffer[], number: number, bytes: Uint8Array): void {
  out.push(varint(number * 8 + BYTES), varint(bytes.length), bytes as Buffer);
}

/** Negative integers take ten bytes, as 64 bits in two's complement. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  if (value >= 0 && value <= 0x7fffffff) {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
    return Buffer.from(bytes);
  }
  let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
