import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { errors } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { CERTIFICATE_HEADER } from '@sampan/machinery';
import { dialUpgrade, splice } from '@sampan/machinery/streams';
import { bodyFraming } from '../http/body-framing.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendText } from '../http/respond.ts';
import { pass, passedHeaders } from './pass.ts';
import type { ProxyTarget } from './proxy-target.ts';
import { rewritePage } from './rewrite-page.ts';
import type { ProxiedPlace } from './rewrite-url.ts';
import { sendSwitch } from './send-switch.ts';

/** How long a connection may take to be there. Milliseconds. */
const CONNECT_TIMEOUT_MS = 30_000;
const TOKEN_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

/** What is behind `…/proxy` in the path and query as sent: '' or a path. */
export function behindProxy(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?');
  const whole = mark < 0 ? url : url.slice(0, mark);
  const [, path = ''] = /^\/api\/v1\/(?:namespaces\/[^/]+\/)?[^/]+\/[^/]+\/proxy(\/.*)?$/.exec(whole) ?? [];
  return { path, query: mark < 0 ? '' : url.slice(mark) };
}

/**
 * The headers of a proxied request: without who the caller is towards this server, and with where it came in
 * (kubernetes apimachinery pkg/util/proxy).
 */
export function forwardedHeaders(exchange: Exchange): OutgoingHttpHeaders {
  const headers = passedHeaders(exchange.request.headers);
  for (const name of Object.keys(headers))
    if (name === 'authorization' || name === CERTIFICATE_HEADER || name.startsWith('impersonate-'))
      delete headers[name];
  const protocols = headers['sec-websocket-protocol'];
  if (typeof protocols === 'string') {
    const names = protocols.split(',').map((name) => name.trim());
    headers['sec-websocket-protocol'] = names.filter((name) => !name.startsWith(TOKEN_PROTOCOL)).join(', ');
  }
  return {
    ...headers,
    ...bodyFraming(exchange.request, headers),
    'x-forwarded-host': exchange.host,
    'x-forwarded-proto': 'https',
    'x-forwarded-uri': exchange.url.split('?', 1)[0] ?? '',
  };
}

/** A path that does not end in `/` has none to be relative to: the client is sent to the one that has. */
export function redirectedToFolder(exchange: Exchange): boolean {
  const { path, query } = behindProxy(exchange.url);
  if (path !== '' || exchange.upgrade || (exchange.method !== 'GET' && exchange.method !== 'HEAD'))
    return false;
  // relative: what is before a cluster's own paths is not known here
  exchange.response.setHeader('location', `proxy/${query}`);
  sendText(exchange, 301, '');
  return true;
}

/** Sends a request on to a server in the cluster and answers what that answers. */
export async function forward(exchange: Exchange, target: ProxyTarget): Promise<void> {
  if (redirectedToFolder(exchange)) return;
  const { path, query } = behindProxy(exchange.url);
  const headers = { ...forwardedHeaders(exchange), host: target.host };
  const whole = `${path === '' ? '/' : path}${query}`;
  if (exchange.upgrade) await forwardUpgrade(exchange, target, whole, headers);
  else {
    const answer = await call(exchange, target, whole, headers);
    await pass(answer, exchange, (passed) => rewritePage(answer, passed, placeOf(exchange, target)));
  }
}

/** The page's own paths begin behind `…/proxy`. */
function placeOf(exchange: Exchange, { host }: ProxyTarget): ProxiedPlace {
  const { path, query } = behindProxy(exchange.url);
  const prefix = exchange.url.slice(0, exchange.url.length - query.length - path.length);
  return { prefix, host, clientHost: exchange.host };
}

function call(
  exchange: Exchange,
  { scheme, address, port }: ProxyTarget,
  path: string,
  headers: OutgoingHttpHeaders,
): Promise<IncomingMessage> {
  const send = scheme === 'https' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(
      // pods have certificates of their own making
      {
        host: address,
        port,
        method: exchange.method,
        path,
        headers,
        agent: false,
        rejectUnauthorized: false,
      },
      resolve,
    );
    const deadline = setTimeout(
      () => request.destroy(new Error('no connection in time')),
      CONNECT_TIMEOUT_MS,
    );
    request.on('socket', (socket) => socket.once('connect', () => clearTimeout(deadline)));
    request.on('close', () => clearTimeout(deadline));
    request.on('error', (error) => reject(unreachable(error)));
    exchange.response.on('close', () => request.destroy());
    (exchange.request as Readable).pipe(request);
  });
}

async function forwardUpgrade(
  exchange: Exchange,
  { scheme, host, address }: ProxyTarget,
  path: string,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const { upgrade } = exchange;
  if (!upgrade) return;
  const result = await dialUpgrade({
    url: new URL(`${scheme}://${host}${path}`),
    address,
    method: exchange.method,
    headers: {
      ...(headers as Record<string, string | string[]>),
      connection: 'Upgrade',
      upgrade: upgrade.request.headers.upgrade ?? '',
    },
  }).catch((error: unknown) => {
    throw unreachable(error);
  });
  if ('answer' in result) return pass(result.answer, exchange);
  const client = upgrade.take();
  if (client.destroyed) {
    result.socket.destroy();
    return;
  }
  sendSwitch(client, result);
  if (upgrade.head.length > 0) result.socket.write(upgrade.head);
  await splice(client, result.socket);
}

const unreachable = (error: unknown) =>
  errors.serviceUnavailable(`error trying to reach service: ${messageOf(error)}`);
