import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ClientCertificate, Credentials, UserInfo } from '../auth/contract.ts';
import type { ApiContext } from './api-context.ts';
import type { Exchange } from './exchange.ts';

const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** What a verified certificate says, once per connection. */
const certificates = new WeakMap<object, ClientCertificate | null>();

/** Sets `exchange.user`; throws Unauthorized. A promise only when something had to be waited for. */
export function authenticate(api: ApiContext, exchange: Exchange): Promise<void> | undefined {
  const credentials = credentialsOf(exchange);
  const user = api.authenticator.authenticate(credentials);
  if (user instanceof Promise) {
    return user.then((known) => {
      exchange.user = known ?? ANONYMOUS;
    });
  }
  exchange.user = user ?? ANONYMOUS;
  return undefined;
}

export function credentialsOf(exchange: Exchange): Credentials {
  const certificate = certificateOf(exchange);
  const token = bearerToken(exchange);
  return { ...(certificate ? { certificate } : {}), ...(token === '' ? {} : { token }) };
}

function bearerToken(exchange: Exchange): string {
  const header = exchange.header('authorization');
  if (header.length > 7 && header.slice(0, 7).toLowerCase() === 'bearer ') return header.slice(7).trim();
  return protocolToken(exchange.header('sec-websocket-protocol'));
}

const TOKEN_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

/** Browsers cannot set headers of a WebSocket: the token comes as a subprotocol. */
function protocolToken(protocols: string): string {
  if (protocols === '') return '';
  const found = protocols
    .split(',')
    .map((name) => name.trim())
    .find((name) => name.startsWith(TOKEN_PROTOCOL));
  return found ? Buffer.from(found.slice(TOKEN_PROTOCOL.length), 'base64url').toString() : '';
}

function certificateOf(exchange: Exchange): ClientCertificate | undefined {
  const socket = socketOf(exchange);
  if (!socket || !('getPeerCertificate' in socket)) return undefined;
  let known = certificates.get(socket);
  if (known === undefined) {
    known = readCertificate(socket as TLSSocket) ?? null;
    certificates.set(socket, known);
  }
  return known ?? undefined;
}

/** The connection itself; HTTP/2 hides it behind the session. */
function socketOf(exchange: Exchange): object | undefined {
  const { request } = exchange;
  if ('stream' in request) {
    const session = request.stream.session;
    return session?.destroyed ? undefined : sessionSocket(session);
  }
  return request.socket;
}

const sessionSockets = new WeakMap<object, object>();

/** Tells which TLS socket carries an HTTP/2 session; called by the listener. */
export function rememberSession(session: object, socket: object): void {
  sessionSockets.set(session, socket);
}

function sessionSocket(session: object | undefined): object | undefined {
  return session && sessionSockets.get(session);
}

function readCertificate(socket: TLSSocket): ClientCertificate | undefined {
  // not authorized: no certificate, or one that the CA did not sign or that has expired
  if (!socket.authorized) return undefined;
  const peer = socket.getPeerCertificate();
  if (!peer?.subject || !peer.raw) return undefined;
  const { CN, O } = peer.subject as { CN?: string | string[]; O?: string | string[] };
  const commonName = Array.isArray(CN) ? (CN[0] ?? '') : (CN ?? '');
  if (commonName === '') return undefined;
  return {
    commonName,
    organizations: O === undefined ? [] : Array.isArray(O) ? O : [O],
    fingerprint: createHash('sha256').update(peer.raw).digest('hex'),
  };
}
