import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { CERTIFICATE_HEADER } from '@sampan/machinery';
import type { UserInfo } from '../auth/contract.ts';

/** Of one connection only (RFC 9110 section 7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const isForwarded = (name: string): boolean =>
  !HOP_BY_HOP.has(name) && !name.startsWith(':') && !name.startsWith('x-remote-') && !isSecret(name);

/** What this server has read for itself: who asks, and as whom. */
const isSecret = (name: string): boolean =>
  name === 'authorization' || name === CERTIFICATE_HEADER || name.startsWith('impersonate-');

/** The headers of a request for an aggregated API server: the client's, and who the client is. */
export function forwardedHeaders(
  headers: IncomingHttpHeaders,
  user: UserInfo,
  client: string | undefined,
): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => isForwarded(name));
  const before = headers['x-forwarded-for'];
  const forwardedFor = [before, client].filter((part) => part !== undefined).join(', ');
  return {
    ...Object.fromEntries(kept),
    ...userHeaders(user),
    ...(forwardedFor === '' ? {} : { 'x-forwarded-for': forwardedFor }),
  };
}

/** Source: client-go transport SetAuthProxyHeaders. */
export function userHeaders({ name, uid, groups, extra = {} }: UserInfo): OutgoingHttpHeaders {
  return {
    'x-remote-user': name,
    ...(uid ? { 'x-remote-uid': uid } : {}),
    'x-remote-group': [...groups],
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`x-remote-extra-${escapeKey(key)}`, [...values]]),
    ),
  };
}

/** Percent-encodes what is no character of a header's name (client-go transport headerKeyEscape). */
function escapeKey(key: string): string {
  let escaped = '';
  for (const byte of Buffer.from(key)) {
    const character = String.fromCharCode(byte);
    escaped += /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

/** The headers of an answer for the client. */
export function answeredHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}
