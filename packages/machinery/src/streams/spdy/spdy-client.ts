import type { Duplex } from 'node:stream';
import { CONTROL, controlFrame, dataHeader, FIN, FrameReader } from './frames.ts';
import { HeaderBlocks, type SpdyHeaders } from './header-block.ts';
import { SpdyStream, type StreamOwner } from './spdy-stream.ts';

/** RST_STREAM's CANCEL. */
const CANCEL = 5;
const MOST_DATA_BYTES = 32 * 1024;

/**
 * The client's side of a SPDY/3.1 connection as the streaming servers of container runtimes speak it (moby/spdystream):
 * streams that we open, without windows. One slow reader holds all streams of the connection back. Owns the socket;
 * streams end when it does.
 */
export class SpdyClient implements StreamOwner {
  readonly #socket: Duplex;
  readonly #headers = new HeaderBlocks();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #full = new Set<SpdyStream>();
  #nextId = 1;
  #closed = false;
  /** Settles when the connection has ended, whoever ended it and however. */
  readonly closed: Promise<void>;

  /** `head`: what came behind the handshake. */
  constructor(socket: Duplex, head: Buffer = Buffer.alloc(0)) {
    this.#socket = socket;
    const reader = new FrameReader({
      control: (type, flags, payload) => this.#control(type, flags, payload),
      data: (id, part, fin) => this.#data(id, part, fin),
    });
    const take = (chunk: Buffer): void => {
      try {
        reader.push(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined);
      }
    };
    this.closed = new Promise((resolve) => {
      const end = (): void => {
        this.#end();
        resolve();
      };
      socket.on('error', () => {});
      socket.on('end', end);
      socket.on('close', end);
    });
    socket.on('data', take);
    if (head.length > 0) take(head);
  }

  open(headers: SpdyHeaders): SpdyStream {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = new SpdyStream(id, this);
    // how it ended is seen by its end; errors have no other listener in most uses
    stream.on('error', () => {});
    this.#streams.set(id, stream);
    const start = Buffer.alloc(10);
    start.writeUInt32BE(id, 0);
    this.#send(
      controlFrame(CONTROL.synStream, 0, Buffer.concat([start, this.#headers.encode(headers)])),
      () => {},
    );
    return stream;
  }

  /** Ends the connection at once with all its streams. May be called twice. */
  destroy(): void {
    this.#socket.destroy();
  }

  sendData(id: number, chunk: Buffer, fin: boolean, done: () => void): void {
    for (let from = 0; from < chunk.length - MOST_DATA_BYTES; from += MOST_DATA_BYTES) {
      this.#sendFrame(id, chunk.subarray(from, from + MOST_DATA_BYTES), 0, () => {});
    }
    const last = chunk.length === 0 ? 0 : Math.floor((chunk.length - 1) / MOST_DATA_BYTES) * MOST_DATA_BYTES;
    this.#sendFrame(id, chunk.subarray(last), fin ? FIN : 0, done);
  }

  sendReset(id: number): void {
    if (this.#streams.has(id))
      this.#send(controlFrame(CONTROL.rstStream, 0, twoNumbers(id, CANCEL)), () => {});
  }

  setRoom(stream: SpdyStream, room: boolean): void {
    if (!room) this.#full.add(stream);
    else if (!this.#full.delete(stream)) return;
    if (this.#full.size > 0) this.#socket.pause();
    else this.#socket.resume();
  }

  forget(id: number): void {
    this.#streams.delete(id);
  }

  #sendFrame(id: number, chunk: Buffer, flags: number, done: () => void): void {
    if (chunk.length === 0) {
      this.#send(dataHeader(id, flags, 0), done);
      return;
    }
    this.#socket.cork();
    this.#send(dataHeader(id, flags, chunk.length), () => {});
    this.#send(chunk, done);
    this.#socket.uncork();
  }

  #send(bytes: Buffer, done: () => void): void {
    if (this.#closed || this.#socket.destroyed || this.#socket.writableEnded) {
      process.nextTick(done);
      return;
    }
    this.#socket.write(bytes, () => done());
  }

  #control(type: number, flags: number, payload: Buffer): void {
    if (type === CONTROL.ping) {
      this.#send(controlFrame(CONTROL.ping, 0, payload), () => {});
      return;
    }
    if (type === CONTROL.rstStream && payload.length >= 4) {
      this.#streams.get(payload.readUInt32BE(0))?.receiveEnd();
      return;
    }
    if (type === CONTROL.synReply && payload.length >= 4 && (flags & FIN) !== 0) {
      this.#streams.get(payload.readUInt32BE(0) & 0x7fff_ffff)?.receiveEnd();
    }
  }

  #data(id: number, part: Buffer, fin: boolean): void {
    const stream = this.#streams.get(id);
    if (part.length > 0) stream?.receive(part);
    if (fin) stream?.receiveEnd();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of this.#streams.values()) stream.receiveEnd();
    this.#socket.destroy();
  }
}

function twoNumbers(first: number, second: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(first, 0);
  bytes.writeUInt32BE(second, 4);
  return bytes;
}
