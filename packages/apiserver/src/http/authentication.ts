import type { TLSSocket } from 'node:tls';
import { CERTIFICATE_HEADER } from '@sampan/machinery';
import { readClientCertificate } from '../auth/client-certificate.ts';
import type { Attributes, ClientCertificate, Credentials, UserInfo } from '../auth/contract.ts';
import { impersonate, readImpersonation } from '../auth/impersonation.ts';
import type { ApiContext } from './api-context.ts';
import { attributesOf } from './authorization.ts';
import type { Exchange, HttpRequest } from './exchange.ts';

const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Sets `exchange.user`; throws Unauthorized or Forbidden. A promise only when something has to be waited for. */
export function authenticate(api: ApiContext, exchange: Exchange): Promise<void> | undefined {
  const user = api.authenticator.authenticate(credentialsOf(api, exchange));
  if (user instanceof Promise) return user.then((known) => become(api, exchange, known));
  become(api, exchange, user);
  return undefined;
}

function become(api: ApiContext, exchange: Exchange, user: UserInfo | undefined): void {
  exchange.user = user ?? ANONYMOUS;
  const wanted = readImpersonation(exchange.request.rawHeaders);
  if (!wanted) return;
  const request: Attributes = attributesOf(exchange);
  exchange.user = impersonate(wanted, request, api.authorizer);
}

function credentialsOf(api: ApiContext, exchange: Exchange): Credentials {
  const certificate = certificateOf(api, exchange, api.cluster.clock.now());
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

/** The certificate that a client showed, DER, whoever signed it; undefined: none. */
export function peerCertificate(request: HttpRequest): Buffer | undefined {
  const socket = socketOf(request);
  if (!socket || !('getPeerX509Certificate' in socket)) return undefined;
  return (socket as TLSSocket).getPeerX509Certificate()?.raw;
}

function certificateOf(api: ApiContext, exchange: Exchange, now: number): ClientCertificate | undefined {
  const socket = socketOf(exchange.request);
  // whoever speaks TLS to this process speaks for itself
  if (socket && 'getPeerX509Certificate' in socket) return readClientCertificate(socket as TLSSocket, now);
  return api.forwardedCertificates?.read(exchange.header(CERTIFICATE_HEADER), now);
}

/** The connection itself; HTTP/2 hides it behind the session. */
function socketOf(request: HttpRequest): object | undefined {
  if (!('stream' in request)) return request.socket;
  const { session } = request.stream;
  return session && sessionSockets.get(session);
}

const sessionSockets = new WeakMap<object, object>();

/** Tells which TLS socket carries an HTTP/2 session; called by the listener. */
export function rememberSession(session: object, socket: object): void {
  sessionSockets.set(session, socket);
}
