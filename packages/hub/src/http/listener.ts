import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { type Logger, messageOf } from '@sampan/base';
import type { HubRequest, HubResponse, Origin } from '../api/message.ts';
import { linger } from './linger.ts';
import { sendStream } from './send-stream.ts';
import { trafficSince } from './traffic.ts';

/** What answers requests; never throws. */
export type Answer = (request: HubRequest) => Promise<HubResponse>;

/** Where a request comes from; see `Origin`. */
export type OriginOf = (incoming: IncomingMessage) => Origin;

/** That of a connection in plain HTTP from the client itself. */
export const directOrigin: OriginOf = ({ socket }) => ({
  scheme: 'http',
  address: socket.remoteAddress ?? '',
});

/** A connection on which nothing moves for this long is closed. */
const IDLE_MS = 5 * 60_000;

/** Serves `answer` on an HTTP or HTTPS server; whoever made the server listens and closes it. */
export function serveHub(
  server: Server,
  answer: Answer,
  logger: Logger,
  originOf: OriginOf = directOrigin,
): void {
  // a blob may take hours: only silence ends a request
  server.requestTimeout = 0;
  server.timeout = IDLE_MS;
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    respond(incoming, outgoing, answer, originOf).catch((thrown: unknown) => {
      // mostly a client that went away; the answer cannot be changed any more
      logger.debug('an answer broke off', { url: incoming.url, error: messageOf(thrown) });
      outgoing.destroy();
    });
  });
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: Answer,
  originOf: OriginOf,
): Promise<void> {
  const answered = await answer(toRequest(incoming, originOf));
  try {
    await send(incoming, outgoing, answered);
  } finally {
    answered.ended?.(trafficSince(incoming.socket));
  }
  if (answered.status >= 400) linger(incoming);
}

async function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, headers, body }: HubResponse,
): Promise<void> {
  outgoing.writeHead(status, { ...headers, ...lengthOf(headers, body) });
  if (incoming.method === 'HEAD') {
    if (body instanceof Readable) body.destroy();
    outgoing.end();
  } else if (body instanceof Readable) {
    await sendStream(body, outgoing, incoming);
  } else {
    outgoing.end(body);
  }
}

function toRequest(incoming: IncomingMessage, originOf: OriginOf): HubRequest {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const { method = 'GET', url = '/' } = incoming;
  return { method, url, headers, origin: originOf(incoming), body: incoming };
}

function lengthOf(headers: HubResponse['headers'], body: HubResponse['body']): Record<string, string> {
  if (headers['content-length'] !== undefined || body === undefined || body instanceof Readable) return {};
  return { 'content-length': String(Buffer.byteLength(body)) };
}
