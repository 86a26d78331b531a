import type { Duplex } from 'node:stream';

/**
 * Joins two connections until both directions have ended: bytes, backpressure, half-closes and breaks of one become
 * those of the other. Owns both from here on; never rejects.
 */
export async function splice(one: Duplex, other: Duplex): Promise<void> {
  await Promise.all([carry(one, other), carry(other, one)]);
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
