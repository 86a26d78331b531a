import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { isIP } from 'node:net';
import type { WebhookClientConfig } from '@sampan/api';
import { parseExactJson } from '@sampan/base';
import { CallError, transportFailure } from './call-error.ts';
import type { Destination, ServiceDialer } from './service-dialer.ts';

/** Idle connections are kept this long. */
const IDLE_MS = 30_000;
const MAX_IDLE_PER_TARGET = 4;
/** Twice the largest request: an answer may hold a patch that writes the object anew. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024;

/** What is called: read from a `clientConfig` once. */
export interface CallTarget {
  /** As Go's client would write it, for messages. */
  readonly url: string;
  readonly host: string;
  readonly path: string;
  /** The name the certificate must be for. */
  readonly serverName: string;
  readonly ca: string | undefined;
  dial(dialer: ServiceDialer): Promise<Destination>;
}

const DEFAULT_PORT = 443;

/** Source: apiserver pkg/util/webhook/client.go HookClient. */
export function callTarget({ url, service, caBundle }: WebhookClientConfig): CallTarget {
  const ca = caBundle ? Buffer.from(caBundle, 'base64').toString('utf8') : undefined;
  if (service) {
    const { name, namespace, port = DEFAULT_PORT } = service;
    const path = service.path || '/';
    const serverName = `${name}.${namespace}.svc`;
    const host = `${serverName}:${port}`;
    const dial = (dialer: ServiceDialer) => dialer.service(namespace, name, port);
    return { url: `https://${host}${path}`, host, path, serverName, ca, dial };
  }
  const parsed = URL.parse(url ?? '');
  if (!parsed) return unparsable(url ?? '');
  const serverName = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = Number(parsed.port || DEFAULT_PORT);
  const dial = (dialer: ServiceDialer) => dialer.host(serverName, port);
  return { url: url ?? '', host: parsed.host, path: parsed.pathname, serverName, ca, dial };
}

function unparsable(url: string): CallTarget {
  const dial = () => Promise.reject(new Error('the URL cannot be parsed'));
  return { url, host: '', path: '/', serverName: '', ca: undefined, dial };
}

/** Sends JSON to webhooks over connections that are kept for the next call. */
export class HttpsCaller {
  readonly #dialer: ServiceDialer;
  readonly #agent = new Agent({
    keepAlive: true,
    maxFreeSockets: MAX_IDLE_PER_TARGET,
    timeout: IDLE_MS,
    // a server that closes idle connections soon is not sent requests that it may never see
    scheduling: 'lifo',
  });

  constructor(dialer: ServiceDialer) {
    this.#dialer = dialer;
  }

  /**
   * Posts a value and resolves with the answer's. Rejects with a CallError within `timeoutMs`, dialling included.
   * `tell`: the server is told how long it has.
   */
  async post(target: CallTarget, body: unknown, timeoutMs: number, tell = true): Promise<unknown> {
    const query = tell ? `?timeout=${Math.ceil(timeoutMs / 1000)}s` : '';
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const destination = await untilAborted(target.dial(this.#dialer), signal);
      return await this.#send(target, destination, `${target.path}${query}`, JSON.stringify(body), signal);
    } catch (error) {
      if (error instanceof CallError) throw error;
      throw transportFailure(`Post "${target.url}${query}"`, error, signal.aborted);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** A server may end an idle connection just when it is used again: then the call is made once more. */
  async #send(
    target: CallTarget,
    destination: Destination,
    path: string,
    text: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    for (;;) {
      try {
        return await this.#sendOnce(target, destination, path, text, signal);
      } catch (error) {
        if (!(error instanceof IdleConnectionEnded)) throw error;
      }
    }
  }

  #sendOnce(
    target: CallTarget,
    { address, port }: Destination,
    path: string,
    text: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    const options: RequestOptions = {
      agent: this.#agent,
      method: 'POST',
      host: address,
      port,
      path,
      signal,
      ...(isIP(target.serverName) === 0 ? { servername: target.serverName } : {}),
      ...(target.ca === undefined ? {} : { ca: target.ca }),
      headers: {
        host: target.host,
        accept: 'application/json, */*',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        'user-agent': 'kube-apiserver-admission',
      },
    };
    return new Promise((resolve, reject) => {
      const asked = request(options, (answer) => {
        readAnswer(answer).then(resolve, (error: unknown) => {
          asked.destroy();
          reject(error);
        });
      });
      asked.on('error', (error: NodeJS.ErrnoException) =>
        reject(asked.reusedSocket && error.code === 'ECONNRESET' ? new IdleConnectionEnded() : error),
      );
      asked.end(text);
    });
  }
}

class IdleConnectionEnded extends Error {}

/** The value, or what else became of it, when the signal came first. */
function untilAborted<T>(value: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function readAnswer(answer: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Buffer).length;
    if (size > MAX_ANSWER_BYTES) throw new CallError(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 299) throw CallError.ofStatus(status, text);
  try {
    return parseExactJson(text);
  } catch {
    throw new CallError(`couldn't get version/kind; json parse error: the answer is no JSON`);
  }
}
