import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { freeBytes } from '@sampan/base';

/**
 * Sends a stream as the rest of an answer, and frees each piece once it is on its way: the next one is read meanwhile.
 * Rejects when the stream fails or the client goes away, and then destroys the stream.
 */
export async function sendStream(
  body: Readable,
  outgoing: ServerResponse,
  { socket }: IncomingMessage,
): Promise<void> {
  let fail: (error: Error) => void = () => undefined;
  const write = (piece: Uint8Array | string) =>
    new Promise<void>((resolve, reject) => {
      fail = reject;
      outgoing.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  // an answer that waits for the one before is not told that it will never be sent
  const stop = (): void => {
    body.destroy();
    fail(new Error('the client went away'));
  };
  socket.once('close', stop);
  if (socket.destroyed) stop();
  try {
    for await (const piece of body as AsyncIterable<Uint8Array | string>) {
      await write(piece);
      if (typeof piece !== 'string') freeBytes(piece);
    }
    outgoing.end();
  } finally {
    socket.off('close', stop);
    body.destroy();
  }
}
