import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import {
  bodyFraming,
  type HttpRequest,
  type HttpResponse,
  passAnswer,
  passedHeaders,
  peerCertificate,
} from '@sampan/apiserver';
import { messageOf } from '@sampan/base';
import { CERTIFICATE_HEADER } from '@sampan/machinery';

/** Whether a path is a guest cluster's. */
export const isForGuest = (url: string): boolean => url.startsWith('/clusters/');

/**
 * Hands requests and connections for guest clusters on to the guests process, with the client's certificate, which
 * the cluster itself judges. Knows nothing of them beside the path.
 */
export class GuestForwarder {
  readonly #socketPath: string;
  /** Started when it does not run. */
  readonly #ready: () => Promise<void>;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });

  constructor(socketPath: string, ready: () => Promise<void>) {
    this.#socketPath = socketPath;
    this.#ready = ready;
  }

  /** Answers a request. Never rejects. */
  async request(request: HttpRequest, response: HttpResponse): Promise<void> {
    try {
      await this.#ready();
      const answer = await this.#send(request, response);
      await passAnswer(answer, response);
    } catch (error) {
      unavailable(response, messageOf(error));
    }
  }

  /** Takes over a connection for another protocol. Never rejects. */
  async upgrade(request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    try {
      await this.#ready();
      const upstream = httpRequest({
        socketPath: this.#socketPath,
        agent: false,
        method: request.method,
        path: request.url,
        headers: { ...this.#headers(request), connection: 'Upgrade', upgrade: request.headers.upgrade },
      });
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
      upstream.on('upgrade', (answer, server, rest) => {
        client.write(headOf(answer));
        if (rest.length > 0) client.write(rest);
        if (head.length > 0) server.write(head);
        join(client, server);
      });
      upstream.on('response', (answer) => {
        client.write(headOf(answer, UNFRAMED));
        answer.pipe(client);
      });
      upstream.end();
    } catch (error) {
      client.end(`HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n`);
      void error;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(request: HttpRequest, response: HttpResponse): Promise<IncomingMessage> {
    const headers = this.#headers(request);
    return new Promise((resolve, reject) => {
      const upstream = httpRequest(
        {
          socketPath: this.#socketPath,
          agent: this.#agent,
          method: request.method,
          path: request.url,
          headers: { ...headers, ...bodyFraming(request, headers) },
        },
        resolve,
      );
      upstream.on('error', reject);
      response.on('close', () => upstream.destroy());
      (request as Readable).pipe(upstream);
    });
  }

  /** What clients say of certificates in headers is not believed. */
  #headers(request: HttpRequest): OutgoingHttpHeaders {
    const { [CERTIFICATE_HEADER]: _claimed, ...headers } = passedHeaders(request.headers);
    const certificate = peerCertificate(request);
    const host = request.headers.host ?? request.headers[':authority'];
    return {
      ...headers,
      ...repeatedHeaders(request.rawHeaders),
      ...(host === undefined ? {} : { host: String(host) }),
      ...(certificate === undefined ? {} : { [CERTIFICATE_HEADER]: certificate.toString('base64') }),
    };
  }
}

const REPEATED = /^impersonate-/i;

/** Those that mean something else when they are joined: values may have commas. */
function repeatedHeaders(rawHeaders: readonly string[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!REPEATED.test(name)) continue;
    const key = name.toLowerCase();
    found[key] = [...(found[key] ?? []), rawHeaders[index + 1] ?? ''];
  }
  return found;
}

/** The end of the connection is that of the body. */
const UNFRAMED = { without: ['transfer-encoding', 'connection', 'keep-alive'], more: ['Connection: close'] };
const AS_IT_IS = { without: [], more: [] };

function headOf(
  { statusCode, statusMessage, rawHeaders }: IncomingMessage,
  { without, more }: { readonly without: readonly string[]; readonly more: readonly string[] } = AS_IT_IS,
): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...more];
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (!without.includes((rawHeaders[index] ?? '').toLowerCase()))
      lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function join(a: Socket, b: Socket): void {
  a.pipe(b);
  b.pipe(a);
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

function unavailable(response: HttpResponse, message: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.statusCode = 503;
  response.setHeader('content-type', 'application/json');
  response.setHeader('retry-after', '1');
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message };
  response.end(JSON.stringify({ ...status, reason: 'ServiceUnavailable', code: 503 }));
}
