import type { Socket } from 'node:net';
import type { HttpRequest } from './exchange.ts';

/**
 * Node's HTTP/1 parser reads small requests from the connection itself, past JavaScript, which saves a fifth of the
 * time of a write. But it breaks off a request of several packets (HPE_PAUSED) that comes while more than a high-water
 * mark of earlier answers is still on its way out. A listener for `data` keeps a connection off that path for good; it
 * is set before so much can be on its way: with the first large answer, the first stream, the first pipelined request.
 */
export function leaveFastPath(request: HttpRequest): void {
  if ('stream' in request) return;
  const { socket } = request;
  if (left.has(socket)) return;
  left.add(socket);
  socket.on('data', ignore);
}

/** For a new owner of the connection: what comes from now on is for it alone, whenever it begins to listen. */
export function handOver(socket: Socket): void {
  socket.off('data', ignore);
}

/** A quarter of a connection's default high-water mark (64 KiB): an answer of this size leaves the fast path. */
export const LARGE_ANSWER_BYTES = 16 * 1024;

const left = new WeakSet<Socket>();
const ignore = () => {};
