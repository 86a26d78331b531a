import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import {
  bodyFraming,
  carry,
  type HttpRequest,
  type HttpResponse,
  passAnswer,
  passedHeaders,
  peerCertificate,
} from '@sampan/apiserver';
import { messageOf } from '@sampan/base';
import { CERTIFICATE_HEADER } from '@sampan/machinery';
import { cutSoon } from './cut-soon.ts';
import { freeReceived } from './free-received.ts';

export interface ForwarderOptions {
  /** A Unix socket that only this process reaches. */
  readonly socketPath: string;
  /** Resolves when somebody answers there. */
  readonly ready: () => Promise<unknown>;
  /** What the other side is told of the client, in headers; of those names nothing that clients send is believed. */
  readonly told: (request: HttpRequest) => Readonly<Record<string, string | undefined>>;
  /** The body of a 503, in JSON. */
  readonly unavailable: (message: string) => object;
}

/** The client's certificate, which the other side itself judges. */
export const toldCertificate = (request: HttpRequest): Readonly<Record<string, string | undefined>> => ({
  [CERTIFICATE_HEADER]: peerCertificate(request)?.toString('base64'),
});

/** Hands requests and connections on to another process. Knows nothing of what they are. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** Answers a request. Never rejects. */
  async request(request: HttpRequest, response: HttpResponse): Promise<void> {
    try {
      await this.#options.ready();
      const answer = await this.#send(request, response);
      await passAnswer(answer, response);
    } catch (error) {
      unavailable(response, this.#options.unavailable(messageOf(error)));
    }
  }

  /** Takes over a connection for another protocol. Never rejects. */
  async upgrade(request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    try {
      await this.#options.ready();
      const upstream = httpRequest({
        socketPath: this.#options.socketPath,
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
          socketPath: this.#options.socketPath,
          agent: this.#agent,
          method: request.method,
          path: request.url,
          headers: { ...headers, ...bodyFraming(request, headers) },
        },
        resolve,
      );
      freeReceived(upstream);
      upstream.on('error', reject);
      upstream.on('close', () => cutSoon(request));
      response.on('close', () => upstream.destroy());
      carry(request, upstream);
    });
  }

  #headers(request: HttpRequest): OutgoingHttpHeaders {
    const headers = passedHeaders(request.headers);
    const host = request.headers.host ?? request.headers[':authority'];
    const all = {
      ...headers,
      ...repeatedHeaders(request.rawHeaders),
      ...(host === undefined ? {} : { host: String(host) }),
      ...this.#options.told(request),
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
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

function unavailable(response: HttpResponse, body: object): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.statusCode = 503;
  response.setHeader('content-type', 'application/json');
  response.setHeader('retry-after', '1');
  response.end(JSON.stringify(body));
}
