/** A body that is not well-formed protobuf. */
export class ProtobufError extends Error {}

/** A field as it stands on the wire: a number for varints and fixed64 bits, bytes for the rest. */
export type WireValue = bigint | Uint8Array;

export interface WireField {
  readonly number: number;
  readonly wireType: number;
  readonly value: WireValue;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Reads the fields of one message in order (protobuf encoding guide). Throws `ProtobufError` when they run out. */
export function* wireFields(bytes: Uint8Array): Generator<WireField> {
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = Number(reader.varint());
    const wireType = tag & 7;
    yield { number: tag >>> 3, wireType, value: reader.value(wireType) };
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  value(wireType: number): WireValue {
    switch (wireType) {
      case VARINT:
        return this.varint();
      case FIXED64:
        return this.#take(8);
      case FIXED32:
        return this.#take(4);
      case BYTES:
        return this.#take(Number(this.varint()));
      default:
        throw new ProtobufError(`proto: illegal wireType ${wireType}`);
    }
  }

  varint(): bigint {
    let low = 0;
    // small numbers, the common case, without BigInt arithmetic
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError('proto: integer overflow');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new ProtobufError('unexpected EOF');
    return byte;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (!Number.isSafeInteger(end) || end > this.#bytes.length) throw new ProtobufError('unexpected EOF');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
