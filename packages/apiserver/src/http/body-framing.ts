import type { OutgoingHttpHeaders } from 'node:http';
import type { HttpRequest } from './exchange.ts';

/**
 * What must be added to `passed`, the headers with which a request is sent on, so that its body ends where it ends: Node
 * writes bodies of methods that seldom have one (DELETE, GET, …) without any frame, and what is in them would be taken
 * for the next request (RFC 9112 section 11.2).
 */
export function bodyFraming(request: HttpRequest, passed: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return passed['content-length'] === undefined && mayHaveBody(request)
    ? { 'transfer-encoding': 'chunked' }
    : {};
}

/** By what came, whichever header `Connection` took away. */
function mayHaveBody(request: HttpRequest): boolean {
  if ('stream' in request) return !request.stream.endAfterHeaders;
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}
