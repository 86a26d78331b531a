import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { messageOf } from '@sampan/base';
import { OciError, UnreachableError } from '../errors.ts';

export interface TransportOptions {
  /** PEM of the authorities that count; default: those that Node knows. */
  readonly ca?: string | readonly string[] | undefined;
  /** Client certificate and key, PEM; shown to every server that asks for one. */
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
  /** `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in either case; default: no proxy. */
  readonly proxies?: Readonly<Record<string, string | undefined>> | undefined;
  /** A connection on which nothing moves for this long is given up. Milliseconds; default a minute. */
  readonly idleMs?: number;
}

export interface HttpCall {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is destroyed, whatever happens. */
  readonly body?: Uint8Array | Readable | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** To be read or destroyed by whoever called. */
  readonly body: IncomingMessage;
}

const IDLE_MS = 60_000;

/** HTTP and HTTPS over connections that are used again. Close it. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  /** Hosts that are there, even if not at this moment. */
  readonly #answered = new Set<string>();

  constructor(options: TransportOptions = {}) {
    const { ca, certificate, proxies } = options;
    this.#options = options;
    const common = { keepAlive: true, ...(proxies === undefined ? {} : { proxyEnv: { ...proxies } }) };
    this.#http = new HttpAgent(common);
    this.#https = new HttpsAgent({
      ...common,
      ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
      ...(certificate ?? {}),
    });
  }

  /** Resolves when the head of the answer is there. Throws `oci-unreachable`. */
  send({ method, url, headers = {}, body }: HttpCall): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const timeout = this.#options.idleMs ?? IDLE_MS;
      const secure = url.protocol === 'https:';
      const options = { method, headers, timeout, agent: secure ? this.#https : this.#http };
      const outgoing = secure ? httpsRequest(url, options) : httpRequest(url, options);
      const fail = (cause: unknown) => {
        if (body instanceof Readable) body.destroy();
        outgoing.destroy();
        reject(unreachable(url, cause, this.#answered.has(url.host)));
      };
      outgoing.on('timeout', () => fail(new Error(`nothing moved for ${timeout / 1000} s`)));
      outgoing.on('error', fail);
      outgoing.on('response', (answer) => {
        this.#answered.add(url.host);
        // a refusal in the middle of a body: the rest of it is of no use
        if (body instanceof Readable && !body.readableEnded) {
          body.unpipe(outgoing);
          body.destroy();
          answer.once('close', () => outgoing.destroy());
        }
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
      });
      if (body instanceof Readable) {
        body.on('error', (cause) => {
          outgoing.destroy();
          // what is wrong is where the bytes come from
          reject(cause);
        });
        body.pipe(outgoing);
      } else outgoing.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function unreachable(url: URL, cause: unknown, answeredBefore: boolean): UnreachableError {
  const isGone = cause instanceof Error && HOPELESS.test(String((cause as NodeJS.ErrnoException).code));
  return new UnreachableError(`${url.host} cannot be reached: ${messageOf(cause)}.`, {
    passing: answeredBefore || !isGone,
    hint: hintFor(url, cause),
    cause,
  });
}

function hintFor({ host }: URL, cause: unknown): string {
  return UNTRUSTED.test(String((cause as NodeJS.ErrnoException | undefined)?.code))
    ? `If this is the right server, put the certificate of its authority here: ~/.config/containers/certs.d/${host}/ca.crt`
    : 'Is the name of the registry right, does it run, and is it spoken to by HTTP or HTTPS as it should be?';
}

/** OpenSSL's codes for a server whom nobody vouches for. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|CERT_UNTRUSTED/;

/** Nobody listens, the name is wrong, or TLS does not come about. */
const HOPELESS = /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EPROTO|.*CERT.*|.*SSL.*|.*ALTNAME.*)$/;

/** The whole body, up to `limit` bytes. Throws `oci-refused` when there is more, `oci-unreachable` when it breaks off. */
export async function readBody({ body }: HttpAnswer, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit)
        throw new OciError('oci-refused', `The registry answers with more than ${limit} bytes.`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof OciError) throw error;
    throw new UnreachableError(`The answer broke off: ${messageOf(error)}.`, { passing: true, cause: error });
  }
  return Buffer.concat(chunks);
}
