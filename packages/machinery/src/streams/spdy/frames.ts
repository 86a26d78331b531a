/** Control frames of SPDY/3.1 (draft-mbelshe-httpbis-spdy-00 section 2.6) that matter here. */
export const CONTROL = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;

export const FIN = 0x01;
const HEADER_BYTES = 8;
/** Replies carry no headers to speak of; whoever sends more means harm. */
const MOST_CONTROL_BYTES = 64 * 1024;

export function controlFrame(type: number, flags: number, payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + payload.length);
  frame.writeUInt16BE(0x8003, 0);
  frame.writeUInt16BE(type, 2);
  frame.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** At most 16 MiB. The payload follows it on the wire. */
export function dataHeader(streamId: number, flags: number, length: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(streamId, 0);
  header.writeUInt32BE(((flags << 24) | length) >>> 0, 4);
  return header;
}

export interface FrameSink {
  control(type: number, flags: number, payload: Buffer): void;
  /** A part of a data frame, as it came; `fin` with the last part of a frame that ends its stream. */
  data(streamId: number, part: Buffer, fin: boolean): void;
}

interface OpenData {
  readonly streamId: number;
  readonly flags: number;
  left: number;
}

const EMPTY: Buffer = Buffer.alloc(0);

/** Cuts what comes into frames. Data is handed on as it comes, so that a large frame is never held. */
export class FrameReader {
  readonly #sink: FrameSink;
  #kept: Buffer = EMPTY;
  /** The data frame that is being read. */
  #data: OpenData | undefined;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Throws an Error on what is no SPDY/3.1. */
  push(chunk: Buffer): void {
    let rest = this.#kept.length > 0 ? Buffer.concat([this.#kept, chunk]) : chunk;
    for (;;) {
      const taken = this.#data ? this.#takeData(this.#data, rest) : this.#takeFrame(rest);
      if (taken === 0) break;
      rest = rest.subarray(taken);
    }
    this.#kept = rest;
  }

  /** How many bytes were taken; 0: more must come first. */
  #takeData(data: OpenData, from: Buffer): number {
    const part = from.subarray(0, data.left);
    if (part.length === 0) return 0;
    data.left -= part.length;
    const whole = data.left === 0;
    if (whole) this.#data = undefined;
    this.#sink.data(data.streamId, part, whole && (data.flags & FIN) !== 0);
    return part.length;
  }

  #takeFrame(from: Buffer): number {
    if (from.length < HEADER_BYTES) return 0;
    const first = from.readUInt32BE(0);
    const second = from.readUInt32BE(4);
    const flags = second >>> 24;
    const length = second & 0xffffff;
    if (first < 0x8000_0000) {
      if (length > 0) this.#data = { streamId: first, flags, left: length };
      else this.#sink.data(first, EMPTY, (flags & FIN) !== 0);
      return HEADER_BYTES;
    }
    if (first >>> 16 !== 0x8003) throw new Error('the other side does not speak SPDY/3.1');
    if (length > MOST_CONTROL_BYTES) throw new Error(`a control frame of ${length} bytes is too long`);
    if (from.length < HEADER_BYTES + length) return 0;
    this.#sink.control(first & 0xffff, flags, from.subarray(HEADER_BYTES, HEADER_BYTES + length));
    return HEADER_BYTES + length;
  }
}
