import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** As kubelets (streamingConnectionIdleTimeout): a client that is gone while nothing is read of it shows in no other way. */
const IDLE_MS = 4 * 3600_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * Joins two connections until both directions have ended: bytes, backpressure, half-closes and breaks of one become
 * those of the other. Ends both when nothing was carried for four hours. Owns both from here on; never rejects.
 */
export async function splice(one: Duplex, other: Duplex): Promise<void> {
  for (const side of [one, other]) if (side instanceof Socket) watchOver(side);
  await Promise.all([carry(one, other), carry(other, one)]);
}

function watchOver(socket: Socket): void {
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
}

function carry(from: Duplex, to: Duplex): Promise<void> {
  return new Promise((resolve) => {
    from.on('error', () => to.destroy());
    from.on('close', () => {
      // a connection that was not ended but broken: nothing tells the other side otherwise
      if (!from.readableEnded) to.destroy();
      resolve();
    });
    from.pipe(to);
  });
}
