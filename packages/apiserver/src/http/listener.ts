import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTls, DEFAULT_CIPHERS, type TLSSocket } from 'node:tls';
import { rememberSession } from './authentication.ts';
import type { HttpRequest, HttpResponse } from './exchange.ts';
import { handOver } from './fast-path.ts';

export interface ListenerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 = a free one. */
  readonly port: number;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** PEM of the CAs whose client certificates are believed. */
  readonly clientCa: string;
  handle(request: HttpRequest, response: HttpResponse): void;
  /** `exec`, `attach`, `port-forward`, proxies: the connection itself; absent: answered like any other request. */
  upgrade?(request: IncomingMessage, socket: TLSSocket, head: Buffer): void;
}

export interface Listener {
  readonly port: number;
  /** Takes new certificates for new connections. */
  renew(certificate: string, key: string, clientCa: string): void;
  /** Ends the connections of clients that showed such certificates (DER). */
  cut(isMeant: (certificate: Buffer) => boolean): void;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

/** Headers of a request must be there within this time, and may be so large (upstream: 1 MiB over both protocols). */
const HEADERS_TIMEOUT_MS = 20_000;
const MAX_HEADER_BYTES = 64 * 1024;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 120_000;
const MAX_CONCURRENT_STREAMS = 250;
/**
 * What a client may send before it hears that it was read, as Go's servers allow by default (golang.org/x/net/http2,
 * `MaxUploadBufferPerStream` and `…PerConnection`): with the 64 KiB of RFC 9113 it would wait for that most of the time.
 */
const RECEIVE_WINDOW_BYTES = 1 << 20;

/** AES-128 before AES-256, as Go's servers have it: as safe for long, and quicker. Then what Node allows. */
const CIPHERS = `TLS_AES_128_GCM_SHA256:${DEFAULT_CIPHERS}`;

/** One TLS port for HTTP/1.1 and HTTP/2 (ALPN), with client certificates asked for but not demanded. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const http1 = createHttp1(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      shouldUpgradeCallback: (request) => options.upgrade !== undefined && mayUpgrade(request),
    },
    (request: IncomingMessage, response: ServerResponse) => options.handle(request, response),
  );
  http1.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.destroyed || !socket.writable) return;
    // ended, not destroyed: over TLS a destroyed socket loses what was just written
    socket.end(`HTTP/1.1 ${clientErrorStatus(error.code)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  const { upgrade } = options;
  if (upgrade) {
    http1.on('upgrade', (request, socket, head) => {
      handOver(socket as TLSSocket);
      upgrade(request, socket as TLSSocket, head);
    });
  }
  const http2 = createHttp2({
    settings: {
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: MAX_HEADER_BYTES,
      initialWindowSize: RECEIVE_WINDOW_BYTES,
    },
  });
  http2.on('request', (request, response) => options.handle(request, response));
  // `session.socket` is a proxy that hides the certificate; the session starts within the emit below
  let accepting: TLSSocket | undefined;
  http2.on('session', (session) => {
    if (accepting) rememberSession(session, accepting);
    session.setLocalWindowSize(RECEIVE_WINDOW_BYTES);
  });
  http2.on('sessionError', () => {});
  const tls = createTls({
    ...secure(options.certificate, options.key, options.clientCa),
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  });
  // from before their handshake, so that `close` ends those that come while it is called
  tls.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  tls.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    if (socket.alpnProtocol !== 'h2') {
      http1.emit('connection', socket);
      return;
    }
    accepting = socket;
    http2.emit('connection', socket);
    accepting = undefined;
  });
  tls.on('tlsClientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    tls.once('error', reject);
    tls.listen(options.port, options.host ?? '127.0.0.1', resolve);
  });
  return {
    port: (tls.address() as AddressInfo).port,
    renew: (certificate, key, clientCa) => tls.setSecureContext(secure(certificate, key, clientCa)),
    cut(isMeant) {
      for (const socket of sockets) {
        if (!('getPeerX509Certificate' in socket)) continue;
        const certificate = (socket as TLSSocket).getPeerX509Certificate()?.raw;
        if (certificate && isMeant(certificate)) socket.destroy();
      }
    },
    close: () =>
      new Promise((resolve) => {
        tls.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Other wishes, such as for HTTP/2 without TLS, are passed over, as a server may (RFC 9110 section 7.8). */
function mayUpgrade({ headers, url = '' }: IncomingMessage): boolean {
  const wanted = headers.upgrade?.toLowerCase();
  return wanted === 'websocket' || wanted === 'spdy/3.1' || url.includes('/proxy');
}

function clientErrorStatus(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout';
  return '400 Bad Request';
}

function secure(cert: string, key: string, ca: string) {
  return { cert, key, ca };
}
