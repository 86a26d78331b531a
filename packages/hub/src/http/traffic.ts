import type { Socket } from 'node:net';
import type { Traffic } from '../metrics/request-metrics.ts';

const counted = new WeakMap<Socket, Traffic>();

/** What the connection carried since this was asked of it before; requests on one follow each other. */
export function trafficSince(socket: Socket): Traffic {
  const before = counted.get(socket) ?? { received: 0, sent: 0 };
  const now = { received: socket.bytesRead, sent: socket.bytesWritten };
  counted.set(socket, now);
  return { received: now.received - before.received, sent: now.sent - before.sent };
}
