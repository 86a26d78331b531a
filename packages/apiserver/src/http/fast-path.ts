import type { Socket } from 'node:net';
import type { HttpRequest, HttpResponse } from './exchange.ts';

/**
 * Node's HTTP/1 parser reads small requests from the connection itself, past JavaScript, which doubles how many of them
 * a server takes. But it breaks off a request of several packets (HPE_PAUSED) that comes while more than a high-water
 * mark of earlier answers is still on its way out. A listener for `data` keeps a connection off that path for good; it
 * is set before so much can be on its way.
 */
export function leaveFastPath(request: HttpRequest): void {
  if ('stream' in request) return;
  const { socket } = request;
  if (left.has(socket)) return;
  left.add(socket);
  queued.delete(socket);
  socket.on('data', ignore);
}

/** A quarter of a connection's default high-water mark (64 KiB). */
const LARGE_BYTES = 16 * 1024;

/**
 * To be called before each answer of so many bytes. A large one leaves the fast path, as do small ones to a client that
 * does not wait for them: those that queue behind an earlier answer count together.
 */
export function noteAnswer(request: HttpRequest, response: HttpResponse, bytes: number): void {
  if ('stream' in request || left.has(request.socket)) return;
  const before = queued.get(request.socket);
  // an answer has the connection once those before it are out
  const waits = response.socket === null;
  const total = waits ? (before ?? 0) + bytes : bytes;
  if (total >= LARGE_BYTES) leaveFastPath(request);
  else if (waits) queued.set(request.socket, total);
  else if (before !== undefined) queued.delete(request.socket);
}

/** For a new owner of the connection: what comes from now on is for it alone, whenever it begins to listen. */
export function handOver(socket: Socket): void {
  socket.off('data', ignore);
}

const left = new WeakSet<Socket>();
const queued = new WeakMap<Socket, number>();
const ignore = () => {};
