import type { Readable } from 'node:stream';
import { Authorizer } from '../auth/authorizer.ts';
import type { Credentials } from '../auth/credentials.ts';
import { withRetries } from '../http/retry.ts';
import { type HttpAnswer, readBody, type Transport } from '../http/transport.ts';
import { answerError } from './answer-error.ts';
import { Repository } from './repository.ts';

export interface RegistryOptions {
  /** Without a path: `https://registry.example.com`. */
  readonly origin: URL;
  /** Whoever made it closes it. */
  readonly transport: Transport;
  readonly credentials?: Credentials | undefined;
  /** Where tokens are got whatever the registry says, for example by a client certificate. */
  readonly tokens?: { readonly realm: URL; readonly transport: Transport } | undefined;
}

export interface RegistryCall {
  readonly method: string;
  /** Of the registry, or where an answer pointed to. */
  readonly url: URL;
  readonly scopes: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Called for each try; a stream is destroyed. */
  readonly body?: (() => Uint8Array | Promise<Readable>) | undefined;
  /** Statuses that are no error; their bodies are the caller's. */
  readonly expected: readonly number[];
  /** For errors: `the tags of library/app`. */
  readonly what: string;
}

const MAX_ERROR_BYTES = 1 << 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const NO_BODY = Buffer.alloc(0);
const MAX_REDIRECTS = 5;

/** One registry as a client sees it. All methods may be called at once and again. */
export class Registry {
  readonly origin: URL;
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;
  readonly #isLoggedIn: boolean;

  constructor(options: RegistryOptions) {
    this.origin = options.origin;
    this.#transport = options.transport;
    this.#isLoggedIn = options.credentials !== undefined || options.tokens !== undefined;
    this.#authorizer = new Authorizer({ ...options, credentials: options.credentials });
  }

  repository(name: string): Repository {
    return new Repository(this, name);
  }

  /** Whether it is a registry that knows the login. Throws `oci-unauthorized`, `oci-unreachable`. */
  async ping(): Promise<void> {
    const url = new URL('/v2/', this.origin);
    await this.text({ method: 'GET', url, scopes: [], expected: [200], what: 'the login' });
  }

  /** The same again when the network or the registry fails for a moment: for what may be done twice. */
  send(call: RegistryCall): Promise<HttpAnswer> {
    return withRetries(() => this.sendOnce(call));
  }

  /** As `send`, with the body. */
  text(call: RegistryCall, limit = MAX_ERROR_BYTES): Promise<{ answer: HttpAnswer; body: Buffer }> {
    return withRetries(async () => {
      const answer = await this.sendOnce(call);
      return { answer, body: await readBody(answer, limit) };
    });
  }

  /** Throws `oci-unreachable`, `oci-unauthorized`, `oci-denied`, `oci-not-found`, `oci-refused`. */
  async sendOnce(call: RegistryCall): Promise<HttpAnswer> {
    const { scopes, expected, what } = call;
    let sent = await this.#authorizer.header(scopes);
    let answer = await this.#follow(call, sent);
    if (answer.status === 401) {
      const again = this.#authorizer.challenged(answer.headers['www-authenticate'], sent, scopes);
      if (again) {
        await readBody(answer, MAX_ERROR_BYTES);
        sent = await this.#authorizer.header(scopes);
        answer = await this.#follow(call, sent);
      }
    }
    if (expected.includes(answer.status)) return answer;
    // who has a token for what was asked, and is refused, is known and may not: registries answer 401 all the same
    const isKnown = answer.status === 401 && this.#isLoggedIn && sent?.startsWith('Bearer ') === true;
    const body = await readBody(answer, MAX_ERROR_BYTES);
    throw isKnown
      ? answerError({ status: 403, headers: {} }, NO_BODY, what)
      : answerError(answer, body, what);
  }

  /** Reads go where the registry sends them, without credentials when that is elsewhere. */
  async #follow({ method, url, headers, body }: RegistryCall, authorization: string | undefined) {
    let target = url;
    for (let followed = 0; ; followed++) {
      const isOwn = target.origin === this.origin.origin;
      const answer = await this.#transport.send({
        method,
        url: target,
        headers: { ...headers, ...(isOwn && authorization !== undefined ? { authorization } : {}) },
        body: await body?.(),
      });
      const { location } = answer.headers;
      const isRead = method === 'GET' || method === 'HEAD';
      if (!isRead || !REDIRECTS.has(answer.status) || location === undefined || followed === MAX_REDIRECTS)
        return answer;
      await readBody(answer, MAX_ERROR_BYTES);
      target = new URL(location, target);
    }
  }
}
