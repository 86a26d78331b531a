import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { freeBytes } from '@sampan/base';

/**
 * Frees what a request's connection received, of which Node's parser has made copies: all listeners of `data` that were
 * there before are through with it. The parser's comes and goes with each request of a connection.
 */
export function freeReceived(request: ClientRequest): void {
  request.once('socket', (socket: Socket) => {
    socket.on('data', freeBytes);
    request.once('close', () => socket.off('data', freeBytes));
  });
}
