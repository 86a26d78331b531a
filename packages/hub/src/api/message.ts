import type { Readable } from 'node:stream';
import type { Traffic } from '../metrics/request-metrics.ts';

/** Where a request comes from, as far as the registry saw it or believes who handed it on; never what clients claim. */
export interface Origin {
  /** What the client reached the registry by. */
  readonly scheme: 'http' | 'https';
  /** IP address; empty: unknown. */
  readonly address: string;
  /** The client's certificate, DER in base64; absent: it showed none. */
  readonly certificate?: string;
}

/** A request to the registry, apart from HTTP's own framing: what handlers are functions of. */
export interface HubRequest {
  readonly method: string;
  /** Path and query as the client sent them, such as `/v2/a/tags/list?n=5`. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly origin: Origin;
  /** Read at most once, by at most one handler. */
  readonly body: Readable;
}

export interface HubResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whoever sends the answer reads a stream to its end or destroys it, and frees its pieces: nobody else has them. */
  readonly body?: string | Uint8Array | Readable;
  /** What was asked for, one of few words, for metrics; absent: something of no interest. */
  readonly operation?: string;
  /** Called once when the answer is sent or broke off, with what the connection carried. */
  readonly ended?: (traffic: Traffic) => void;
}

export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HubResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
