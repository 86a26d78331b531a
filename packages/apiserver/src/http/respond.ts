import { STATUS_CODES } from 'node:http';
import { type Status, StatusError } from '@sampan/api';
import type { Exchange } from './exchange.ts';
import { noteAnswer } from './fast-path.ts';

const JSON_TYPE = 'application/json';

/** Warnings are cut where upstream cuts them, so that headers stay small (KEP-1693). */
const LONGEST_WARNING = 256;
const MOST_WARNING_BYTES = 4096;

/** Answers with bytes made before; `parts` are sent one after the other. */
export function sendBytes(
  exchange: Exchange,
  status: number,
  contentType: string,
  parts: Uint8Array | readonly Uint8Array[],
): void {
  const body = parts instanceof Uint8Array ? parts : Buffer.concat(parts);
  const headers: Record<string, string | number | string[]> = {
    'content-type': contentType,
    'cache-control': 'no-cache, private',
    'content-length': body.length,
  };
  if (exchange.warnings.length > 0) headers.warning = warningHeaders(exchange.warnings);
  const { response } = exchange;
  noteAnswer(exchange.request, response, body.length);
  if ('stream' in response) response.writeHead(status, headers);
  else response.writeHead(status, STATUS_CODES[status] ?? '', headers);
  if (exchange.method === 'HEAD') response.end();
  else response.end(body);
}

export function sendJson(exchange: Exchange, status: number, value: unknown): void {
  sendBytes(exchange, status, JSON_TYPE, Buffer.from(JSON.stringify(value)));
}

export function sendText(
  exchange: Exchange,
  status: number,
  text: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  sendBytes(exchange, status, contentType, Buffer.from(text));
}

export function sendStatus(exchange: Exchange, status: Status): void {
  const retry = status.details?.retryAfterSeconds;
  if (retry !== undefined && retry > 0) exchange.response.setHeader('retry-after', String(retry));
  sendJson(exchange, status.code, status);
}

/** What a client sees of anything that was thrown; unknown errors are for the log, not for the client. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  const { code, message } = error as { code?: unknown; message?: string };
  if (code === 'store-write') {
    return new StatusError('InternalError', `Internal error occurred: ${message}`, {
      causes: [{ message: 'nothing was stored; free some disk space and send the request again' }],
      retryAfterSeconds: 5,
    }).status;
  }
  return new StatusError('InternalError', 'Internal error occurred: see the log of the server').status;
}

/** RFC 7234 section 5.5 as KEP-1693 uses it: `299 - "text"`. */
export function warningHeaders(warnings: readonly string[]): string[] {
  const headers: string[] = [];
  let bytes = 0;
  const total = warnings.reduce((sum, text) => sum + text.length, 0);
  for (const text of warnings) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters cannot be in a header
    const clean = text.replace(/[\u0000-\u001f\u007f]+/g, ' ').replace(/[^\x20-\x7e]/g, '?');
    const short =
      total > MOST_WARNING_BYTES && clean.length > LONGEST_WARNING ? clean.slice(0, LONGEST_WARNING) : clean;
    const header = `299 - "${short.replace(/([\\"])/g, '\\$1')}"`;
    bytes += header.length;
    if (bytes > MOST_WARNING_BYTES) break;
    headers.push(header);
  }
  return headers;
}
