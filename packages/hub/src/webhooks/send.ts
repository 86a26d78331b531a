import { lookup as resolve } from 'node:dns';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { messageOf } from '@sampan/base';
import { hostOf, refusalOf } from './receiver-address.ts';

/** What a try came to. */
export interface Answer {
  /** HTTP status; undefined: there was no answer. */
  readonly code?: number | undefined;
  /** Why it is not as good as taken; undefined: it is. */
  readonly error?: string | undefined;
  /** What the receiver asks for by `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
}

interface Message {
  readonly url: string;
  /** PEM of the authorities to trust; undefined: the usual ones. */
  readonly ca: string | undefined;
  /** An administrator lets it lead to this machine. */
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A receiver answers at once and works afterwards. */
const TIMEOUT_MS = 10_000;

/** For messages to people; the receiver's words are not kept, since the one who made the webhook may not be let there. */
const ERROR_LENGTH = 600;

const SKIMMED_BYTES = 64 * 1024;

/**
 * POSTs a message once. Never throws: what goes wrong is part of the answer. Redirects are not followed. `signal` ends
 * it, as does silence for `timeoutMs`.
 */
export async function send(message: Message, signal: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<Answer> {
  try {
    return await post(message, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
  } catch (thrown) {
    const late = thrown instanceof Error && thrown.name === 'AbortError';
    const error = late ? `no answer within ${timeoutMs / 1000} seconds` : reasonOf(thrown);
    return { error: error.slice(0, ERROR_LENGTH) };
  }
}

/** What failed for several addresses has its reason only below. */
function reasonOf(thrown: unknown): string {
  return thrown instanceof AggregateError ? thrown.errors.map(messageOf).join('; ') : messageOf(thrown);
}

function post({ url, ca, allowed, headers, body }: Message, signal: AbortSignal): Promise<Answer> {
  const target = new URL(url);
  const host = hostOf(target);
  const refusal = isIP(host) === 0 ? undefined : refusalOf(host, host, allowed);
  if (refusal !== undefined) throw new Error(refusal);
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const options: RequestOptions & SecureContextOptions = {
    ...(ca === undefined ? {} : { ca }),
    method: 'POST',
    headers: { ...headers, ...length },
    signal,
    lookup: guarded(allowed),
    agent: false,
  };
  const request = target.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolveAnswer, reject) => {
    const outgoing = request(target, options, (incoming) => {
      const { statusCode: code = 0, headers: answered } = incoming;
      skim(incoming);
      resolveAnswer({ code, error: errorOf(code), retryAfterMs: retryAfter(answered['retry-after']) });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Only the status counts; the rest is read so that the receiver may end in peace, unless there is much of it. */
function skim(incoming: IncomingMessage): void {
  let length = 0;
  // that it breaks off is no matter
  incoming.on('error', () => undefined);
  incoming.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > SKIMMED_BYTES) incoming.destroy();
  });
}

function errorOf(code: number): string | undefined {
  if (code >= 200 && code < 300) return undefined;
  const redirect = code >= 300 && code < 400 ? ', a redirect, which is not followed' : '';
  return `the receiver answered ${code}${redirect}`;
}

/** Seconds; a date is not looked at (RFC 9110, section 10.2.3, allows both). */
function retryAfter(header: string | undefined): number | undefined {
  return /^\d{1,9}$/.test(header ?? '') ? Number(header) * 1000 : undefined;
}

/** A name that leads where webhooks may not go is refused where it is resolved, so that it cannot change in between. */
const guarded =
  (allowed: boolean): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const [first] = addresses;
      if (!first) return callback(new Error(`${hostname} has no address`), '');
      const refusal = addresses
        .map(({ address }) => refusalOf(hostname, address, allowed))
        .find((found) => found !== undefined);
      if (refusal !== undefined) return callback(new Error(refusal), '');
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
