import { setOwn } from '@sampan/base';
import { type FieldPlan, type Message, type MessageTable, planOf } from './message-table.ts';

/** Bytes that are not the message they should be. */
export class MessageError extends Error {}

/**
 * Reads a message; unknown fields are skipped, as protobuf demands; absent scalars stay absent. 64-bit integers become
 * numbers (beyond 2^53 the last bits are lost). Throws `MessageError`.
 */
export function decodeMessage(table: MessageTable, name: string, bytes: Uint8Array): Message {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return readMessage(table, name, reader, bytes.length);
}

function readMessage(table: MessageTable, name: string, reader: Reader, end: number): Message {
  const { byNumber } = planOf(table, name);
  const message: Message = {};
  while (reader.at < end) {
    const tag = reader.varint();
    const field = byNumber.get(Math.floor(tag / 8));
    if (field && fits(field, tag & 7)) readField(table, message, field, reader, tag & 7);
    else reader.skip(tag & 7);
  }
  if (reader.at !== end) throw new MessageError(`${name}: a field reaches beyond its message`);
  return message;
}

/** A field of another wire type than the table's is an unknown one. */
function fits({ kind, shape }: FieldPlan, wire: number): boolean {
  if (shape === 'map') return wire === 2;
  if (kind === 'int' || kind === 'bool') return wire === 0 || (wire === 2 && shape === 'list');
  return wire === (kind === 'double' ? 1 : 2);
}

function readField(
  table: MessageTable,
  message: Message,
  field: FieldPlan,
  reader: Reader,
  wire: number,
): void {
  if (field.shape === 'one') {
    message[field.name] = readValue(table, field.kind, reader);
  } else if (field.shape === 'map') {
    const map = (message[field.name] as Message | undefined) ?? {};
    message[field.name] = map;
    readEntry(table, map, field.kind, reader);
  } else {
    const list = (message[field.name] as unknown[] | undefined) ?? [];
    message[field.name] = list;
    if (wire === 2 && (field.kind === 'int' || field.kind === 'bool')) {
      for (const end = reader.varint() + reader.at; reader.at < end; )
        list.push(readValue(table, field.kind, reader));
    } else list.push(readValue(table, field.kind, reader));
  }
}

function readEntry(table: MessageTable, map: Message, kind: string, reader: Reader): void {
  let key = '';
  let value: unknown = kind === 'string' ? '' : {};
  for (const end = reader.varint() + reader.at; reader.at < end; ) {
    const tag = reader.varint();
    if (tag >>> 3 === 1) key = reader.bytes().toString();
    else if (tag >>> 3 === 2) value = readValue(table, kind, reader);
    else reader.skip(tag & 7);
  }
  setOwn(map, key, value);
}

function readValue(table: MessageTable, kind: string, reader: Reader): unknown {
  switch (kind) {
    case 'string':
      return reader.bytes().toString();
    case 'bytes':
      return reader.bytes();
    case 'bool':
      return reader.varint() !== 0;
    case 'int':
      return reader.varint();
    case 'double':
      return reader.double();
    default: {
      const length = reader.varint();
      return readMessage(table, kind, reader, reader.end(length));
    }
  }
}

class Reader {
  at = 0;
  readonly #buffer: Buffer;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  varint(): number {
    let value = 0;
    // without BigInt as long as the number fits
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    let big = BigInt(value);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      big |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, big));
    }
    throw new MessageError('a number is too long');
  }

  /** Where something of this length ends. */
  end(length: number): number {
    const end = this.at + length;
    if (length < 0 || end > this.#buffer.length) throw new MessageError('unexpected end');
    return end;
  }

  bytes(): Buffer {
    const end = this.end(this.varint());
    const taken = this.#buffer.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  double(): number {
    const value = this.#buffer.readDoubleLE(this.end(8) - 8);
    this.at += 8;
    return value;
  }

  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 1) this.at = this.end(8);
    else if (wire === 2) this.bytes();
    else if (wire === 5) this.at = this.end(4);
    else throw new MessageError(`wire type ${wire}`);
  }

  #byte(): number {
    const byte = this.#buffer[this.at++];
    if (byte === undefined) throw new MessageError('unexpected end');
    return byte;
  }
}
