import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { HtmlLinks } from './html-links.ts';
import { type ProxiedPlace, rewriteUrl } from './rewrite-url.ts';

/**
 * Makes redirects and links of a proxied answer lead through the proxy: changes `headers` and returns what the body
 * passes through (kubernetes apimachinery pkg/util/proxy, Transport). Encodings other than gzip stay as they are.
 */
export function rewritePage(
  answer: IncomingMessage,
  headers: OutgoingHttpHeaders,
  place: ProxiedPlace,
): Transform[] {
  const rewrite = (url: string) => rewriteUrl(url, place);
  const { location } = answer.headers;
  if (location !== undefined) {
    headers.location = rewrite(location);
    return [];
  }
  const [type = ''] = (answer.headers['content-type'] ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'text/html') return [];
  const encoding = (answer.headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding !== '' && encoding !== 'identity' && encoding !== 'gzip') return [];
  delete headers['content-length'];
  delete headers['content-encoding'];
  return [...(encoding === 'gzip' ? [createGunzip()] : []), new HtmlLinks(rewrite)];
}
