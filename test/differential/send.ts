/** Sends one HTTP request as it is told, byte for byte, and reads the answer or a bounded part of a watch. */
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Access } from '../../tools/upstream/kubeconfig.ts';

/** The raw answer. `events` is set when a stream was asked for and given. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** What to send. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  /** Hang up after this many lines. */
  readonly lines?: number;
  /** Whether to show the client certificate. */
  readonly certificate: boolean;
}

const TIMEOUT_MS = 20_000;
/** A watch that should bring more lines but is silent this long is ended, and so shows as a difference. */
const SILENCE_MS = 4000;

/** Connections to one server. `close` ends them. */
export class Connection {
  readonly #url: URL;
  readonly #admin: Agent;
  readonly #nobody: Agent;

  constructor({ url, ca, cert, key }: Access) {
    this.#url = new URL(url);
    this.#admin = new Agent({ keepAlive: true, ca, cert, key });
    this.#nobody = new Agent({ keepAlive: true, ca });
  }

  close(): void {
    this.#admin.destroy();
    this.#nobody.destroy();
  }

  send({ method, path, headers, body, lines, certificate }: RawRequest): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const { hostname, port, pathname } = this.#url;
      const asked = request({
        hostname,
        port,
        method,
        path: pathname.replace(/\/$/, '') + path,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
        agent: certificate ? this.#admin : this.#nobody,
        timeout: TIMEOUT_MS,
      });
      asked.once('timeout', () => asked.destroy(new Error(`no answer to ${method} ${path}`)));
      asked.once('error', reject);
      asked.once('response', (answer) => {
        readText(answer, lines).then(
          (text) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
          reject,
        );
      });
      asked.end(body);
    });
  }
}

/** The whole body, or, for a stream, its first `lines` lines. */
function readText(answer: IncomingMessage, lines: number | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let seen = 0;
    const streaming = lines !== undefined && answer.statusCode === 200;
    const hangUp = () => {
      resolve(text);
      answer.destroy();
    };
    let silence = streaming ? setTimeout(hangUp, SILENCE_MS) : undefined;
    answer.setEncoding('utf8');
    answer.on('data', (chunk: string) => {
      text += chunk;
      if (!streaming) return;
      clearTimeout(silence);
      for (const char of chunk) if (char === '\n') seen++;
      if (seen >= lines && lines > 0) hangUp();
      else silence = setTimeout(hangUp, SILENCE_MS);
    });
    answer.once('end', () => {
      clearTimeout(silence);
      resolve(text);
    });
    answer.once('error', (error) => {
      clearTimeout(silence);
      reject(error);
    });
  });
}
