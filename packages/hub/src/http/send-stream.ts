import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { freeBytes } from './free-bytes.ts';

/**
 * Sends a stream as the rest of an answer, and frees each piece once it is on its way: the next one is read meanwhile.
 * Rejects when the stream fails or the client goes away, and then destroys the stream.
 */
export async function sendStream(body: Readable, outgoing: ServerResponse): Promise<void> {
  const { socket } = outgoing;
  // also of an answer that waits for the one before
  const stop = (): void => void body.destroy();
  socket?.once('close', stop);
  try {
    for await (const piece of body as AsyncIterable<Uint8Array | string>) {
      await write(outgoing, piece);
      if (typeof piece !== 'string') freeBytes(piece);
    }
    outgoing.end();
  } finally {
    socket?.off('close', stop);
    body.destroy();
  }
}

function write(outgoing: ServerResponse, piece: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    outgoing.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}
