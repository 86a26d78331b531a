import type { ServerResponse } from 'node:http';
import type { HttpResponse } from './exchange.ts';

/** Bytes that go to a watcher together, made once for all watchers that are told the same. */
export class Frame {
  readonly bytes: Uint8Array;
  #chunk: Buffer | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The bytes as a chunk of HTTP/1.1 (RFC 9112 section 7.1). */
  get chunk(): Buffer {
    this.#chunk ??= Buffer.concat([
      Buffer.from(`${this.bytes.length.toString(16)}\r\n`, 'latin1'),
      this.bytes,
      Buffer.from('\r\n', 'latin1'),
    ]);
    return this.#chunk;
  }
}

/**
 * Writes to a stream whose headers are out; returns how many bytes wait for the client. Over HTTP/1.1 the finished
 * chunk goes straight to the connection: framed anew and copied together for each of a hundred watchers, it would cost
 * more than its encryption.
 */
export function writeFrame(response: HttpResponse, frame: Frame): number {
  if ('stream' in response) {
    response.write(frame.bytes);
    return response.stream?.writableLength ?? 0;
  }
  if (canWriteChunks(response)) response.socket.write(frame.chunk);
  else response.write(frame.bytes);
  return response.writableLength;
}

/** Not while the connection belongs to an earlier request, or for HTTP/1.0, which knows no chunks. */
function canWriteChunks(
  response: ServerResponse,
): response is ServerResponse & { socket: NonNullable<ServerResponse['socket']> } {
  return (
    response.socket !== null && response.headersSent && response.chunkedEncoding && !response.writableEnded
  );
}
