import { constants } from 'node:http2';
import type { HttpRequest } from '@sampan/apiserver';

/** So long may a client send on what nobody wants any more: long enough to read why. */
const LINGER_MS = 5000;

/**
 * Ends a request whose body is still on its way, after a while: were it ended at once, many a client would meet a reset
 * before it reads the answer (RFC 9112, section 9.6), and if never, one that reads none would send for ever.
 */
export function cutSoon(request: HttpRequest): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => cut(request), LINGER_MS);
  for (const event of ['end', 'close']) request.once(event, () => clearTimeout(timer));
}

/** Over HTTP/2 the other requests of the connection go on. */
function cut(request: HttpRequest): void {
  if ('stream' in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
  else request.destroy();
}
