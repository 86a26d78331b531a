import type { RawData, WebSocket } from 'ws';

export interface ChannelMessage {
  readonly channel: number;
  readonly payload: Buffer;
}

/** The first digit of a base64 message's channel. */
const ZERO = 0x30;
/** How much may wait for a slow client before its senders wait. */
const MOST_WAITING_BYTES = 256 * 1024;

/**
 * A WebSocket whose messages each belong to a channel: the first byte, or in the `base64` protocols the first digit,
 * is its number (kubernetes apiserver pkg/util/wsstream). Owns the WebSocket.
 */
export class ChannelSocket {
  readonly #webSocket: WebSocket;
  readonly #base64: boolean;
  readonly #blocks = new Set<unknown>();
  /** Settles when the connection has ended. */
  readonly closed: Promise<void>;

  constructor(webSocket: WebSocket, base64: boolean) {
    this.#webSocket = webSocket;
    this.#base64 = base64;
    this.closed = new Promise((resolve) => webSocket.once('close', () => resolve()));
  }

  /** To be called once, before anything is waited for. `take` must not throw. */
  listen(take: (message: ChannelMessage) => void): void {
    this.#webSocket.on('message', (data) => {
      const message = this.#read(data);
      if (message) take(message);
    });
  }

  /** Resolves when the client keeps up; at once after the connection has ended. */
  send(channel: number, payload: Buffer): Promise<void> {
    const webSocket = this.#webSocket;
    if (webSocket.readyState !== webSocket.OPEN) return Promise.resolve();
    const message = this.#base64
      ? `${channel}${payload.toString('base64')}`
      : Buffer.concat([Buffer.from([channel]), payload]);
    return new Promise((resolve) => {
      webSocket.send(message, () => resolve());
      if (webSocket.bufferedAmount < MOST_WAITING_BYTES) resolve();
    });
  }

  /** While any `reason` blocks, nothing is read from the client. */
  block(reason: unknown, blocked: boolean): void {
    if (blocked) this.#blocks.add(reason);
    else this.#blocks.delete(reason);
    if (this.#blocks.size > 0) this.#webSocket.pause();
    else this.#webSocket.resume();
  }

  /** May be called twice. 1000: all went well (RFC 6455 section 7.4.1). */
  close(code = 1000, reason = ''): void {
    this.#blocks.clear();
    this.#webSocket.resume();
    this.#webSocket.close(code, reason);
  }

  #read(data: RawData): ChannelMessage | undefined {
    const bytes = Buffer.isBuffer(data)
      ? data
      : Buffer.concat(data instanceof ArrayBuffer ? [Buffer.from(data)] : data);
    const [first] = bytes;
    if (first === undefined) return undefined;
    const rest = bytes.subarray(1);
    if (!this.#base64) return { channel: first, payload: rest };
    return { channel: first - ZERO, payload: Buffer.from(rest.toString('latin1'), 'base64') };
  }
}
