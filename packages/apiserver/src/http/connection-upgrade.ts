import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * A request whose client wants the connection for another protocol (RFC 9110 section 7.8). Until it is taken, it is
 * answered like any other; the connection ends with that answer.
 */
export class ConnectionUpgrade {
  readonly request: IncomingMessage;
  /** What came behind the request. */
  readonly head: Buffer;
  readonly response: ServerResponse;
  readonly #socket: Socket;
  #taken = false;

  constructor(request: IncomingMessage, socket: Socket, head: Buffer) {
    this.request = request;
    this.head = head;
    this.#socket = socket;
    this.response = answering(request, socket);
  }

  get taken(): boolean {
    return this.#taken;
  }

  /** The connection; from here on the caller's. Nothing was sent on it. */
  take(): Socket {
    this.#taken = true;
    this.response.statusCode = 101;
    this.response.detachSocket(this.#socket);
    return this.#socket;
  }
}

function answering(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  // an HTTP server does this for connections that it keeps
  socket.on('drain', () => response.emit('drain'));
  response.on('finish', () => socket.end());
  return response;
}
