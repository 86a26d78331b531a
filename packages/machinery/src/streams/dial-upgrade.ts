import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

export interface UpgradeCall {
  readonly url: URL;
  readonly method: string;
  /** With `Connection` and `Upgrade`. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** How long the answer may take. Milliseconds. Default 30 seconds. */
  readonly timeoutMs?: number;
  /** Instead of the URL's host and port: the address that was checked. */
  readonly address?: string;
  /** Instead of a new connection: one whose other end is known. It is ended when that is refused. */
  readonly socket?: Socket;
}

/** A connection that was handed over (RFC 9110 section 7.8). The socket is the caller's. */
export interface Upgraded {
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
  /** What came behind the answer. */
  readonly head: Buffer;
}

/** The server answered with something else. The answer is the caller's to read or to destroy. */
export interface NotUpgraded {
  readonly answer: IncomingMessage;
}

const TIMEOUT_MS = 30_000;

/** Asks a server to hand a connection over. Rejects when it cannot be reached or does not answer. */
export function dialUpgrade(call: UpgradeCall): Promise<Upgraded | NotUpgraded> {
  const { url, method, headers, timeoutMs = TIMEOUT_MS, socket } = call;
  const send = url.protocol === 'https:' && !socket ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send({
      method,
      host: call.address ?? url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: headers as Record<string, string | string[]>,
      ...(socket ? { createConnection: () => socket } : { agent: false }),
      // pods have certificates of their own making, as with upstream
      rejectUnauthorized: false,
    });
    const deadline = setTimeout(
      () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const settle = (result: Upgraded | NotUpgraded): void => {
      clearTimeout(deadline);
      resolve(result);
    };
    request.on('upgrade', ({ headers }, socket, head) => settle({ headers, socket: socket as Socket, head }));
    request.on('response', (answer) => settle({ answer }));
    request.on('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    request.end();
  });
}
