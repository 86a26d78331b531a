import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { messageOf, SampanError } from '@sampan/base';
import type { Connection } from './connection.ts';

export interface HttpCall {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  /** How long the whole answer may take; 0 = for ever. Milliseconds. */
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter?: number;
}

/** At most so many requests at once on one connection each; more wait. Watches are not counted. */
const MOST_SOCKETS = 32;
/** A connection idle for longer may be dead without a word. */
const IDLE_SOCKET_MS = 60_000;

/** Requests to one server over kept-alive HTTP/1.1 connections. `close` ends them all. */
export class Transport {
  readonly #connection: Connection;
  readonly #base: URL;
  #requests: HttpAgent;
  #streams: HttpAgent;
  readonly #send: typeof httpRequest;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#base = new URL(connection.url);
    [this.#requests, this.#streams] = this.#agents(connection);
    this.#send = this.#isSecure ? httpsRequest : httpRequest;
  }

  /** From now on this is the client's certificate; what is under way goes on with the one before. PEM texts. */
  renew(pair: { readonly cert: string; readonly key: string }): void {
    [this.#requests, this.#streams] = this.#agents({ ...this.#connection, ...pair });
  }

  get #isSecure(): boolean {
    return this.#base.protocol === 'https:';
  }

  #agents({ ca, cert, key, serverName, insecure }: Connection): [requests: HttpAgent, streams: HttpAgent] {
    const tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(insecure ? { rejectUnauthorized: false } : {}),
    };
    const agent = (options: object) =>
      this.#isSecure ? new HttpsAgent({ ...options, ...tls }) : new HttpAgent(options);
    return [
      agent({ keepAlive: true, maxSockets: MOST_SOCKETS, timeout: IDLE_SOCKET_MS }),
      agent({ keepAlive: true }),
    ];
  }

  /** Sends a request and collects the answer; rejects with `SampanError` `client-connection`. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    try {
      return await this.#once(call);
    } catch (error) {
      // the server closed a kept connection just when it was used again
      if (call.method !== 'GET' || !(error instanceof StaleSocket)) throw error;
      return this.#once(call);
    }
  }

  #once(call: HttpCall): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        clearTimeout(deadline);
        reject(error);
      };
      const request = this.#start(call, this.#requests, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => fail(this.#failure(error)));
        response.on('end', () => {
          clearTimeout(deadline);
          const after = Number(response.headers['retry-after']);
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks),
            ...(after > 0 ? { retryAfter: after } : {}),
          });
        });
      });
      const deadline =
        call.timeoutMs > 0
          ? setTimeout(() => request.destroy(new Error(`no answer in ${call.timeoutMs} ms`)), call.timeoutMs)
          : undefined;
      request.on('error', (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && error.code === 'ECONNRESET';
        fail(stale ? new StaleSocket(this.#describe(error), error) : this.#failure(error));
      });
      request.end(call.body);
    });
  }

  /**
   * Sends a request whose answer is a stream. `onAnswer` gets the response once, `onError` at most once what
   * happened before or to the connection. The returned function ends it.
   */
  stream(
    call: HttpCall,
    onAnswer: (response: IncomingMessage) => void,
    onError: (error: Error) => void,
  ): () => void {
    const request = this.#start(call, this.#streams, onAnswer);
    // long silence is normal in a watch: let the kernel notice a peer that is gone
    request.on('socket', (socket) => socket.setKeepAlive(true, 30_000));
    request.on('error', (error) => onError(this.#failure(error)));
    request.end(call.body);
    return () => request.destroy();
  }

  close(): void {
    this.#requests.destroy();
    this.#streams.destroy();
  }

  #start(call: HttpCall, agent: HttpAgent, onAnswer: (response: IncomingMessage) => void) {
    const { hostname, port, pathname, protocol } = this.#base;
    return this.#send(
      {
        agent,
        method: call.method,
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
        path: `${pathname.replace(/\/$/, '')}${call.path}`,
        headers: this.#headers(call),
      },
      onAnswer,
    );
  }

  #headers(call: HttpCall): Record<string, string | string[]> {
    const { token, username, password, asUser, asGroups } = this.#connection;
    const headers: Record<string, string | string[]> = {
      accept: call.accept ?? 'application/json',
      'user-agent': 'sampan',
    };
    if (call.body !== undefined) {
      headers['content-type'] = call.contentType ?? 'application/json';
      headers['content-length'] = String(Buffer.byteLength(call.body));
    }
    if (token !== undefined) headers.authorization = `Bearer ${typeof token === 'string' ? token : token()}`;
    else if (username !== undefined)
      headers.authorization = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    if (asUser !== undefined) headers['impersonate-user'] = asUser;
    if (asGroups !== undefined && asGroups.length > 0) headers['impersonate-group'] = [...asGroups];
    return headers;
  }

  #failure(error: Error): SampanError {
    return new SampanError('client-connection', this.#describe(error), {
      hint: 'Check that the server runs and that its address and certificates are right.',
      cause: error,
    });
  }

  #describe(error: Error): string {
    return `the Kubernetes API at ${this.#base.origin} cannot be reached: ${messageOf(error)}`;
  }
}

class StaleSocket extends SampanError {
  constructor(message: string, cause: unknown) {
    super('client-connection', message, { cause });
  }
}
