import { Duplex } from 'node:stream';

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** `done` once the bytes are with the kernel; also when the connection has ended, whose end tells enough. */
  sendData(streamId: number, chunk: Buffer, fin: boolean, done: () => void): void;
  sendReset(streamId: number): void;
  /** The stream's reader has room, or does not for now. A connection is read only while all streams have room. */
  setRoom(stream: SpdyStream, room: boolean): void;
  forget(streamId: number): void;
}

/** One stream of a SPDY connection. `end` closes our half; destroyed before the other half ended, it resets the stream. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly #owner: StreamOwner;
  /** The other side has ended its half. */
  #over = false;

  constructor(id: number, owner: StreamOwner) {
    super();
    this.id = id;
    this.#owner = owner;
  }

  /** Called by the connection. */
  receive(chunk: Buffer): void {
    if (this.readableEnded || this.destroyed) return;
    if (!this.push(chunk)) this.#owner.setRoom(this, false);
  }

  /** Called by the connection: nothing more comes. May be called twice. */
  receiveEnd(): void {
    this.#over = true;
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  override _read(): void {
    this.#owner.setRoom(this, true);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#owner.sendData(this.id, chunk, false, done);
  }

  override _final(done: () => void): void {
    this.#owner.sendData(this.id, NOTHING, true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#owner.setRoom(this, true);
    // whoever has ended its half may be closing the connection: what it has not read then costs what we have not read
    if (!this.#over) this.#owner.sendReset(this.id);
    this.#owner.forget(this.id);
    done(error);
  }
}

const NOTHING = Buffer.alloc(0);
