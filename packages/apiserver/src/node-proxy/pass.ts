import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { constants } from 'node:http2';
import { pipeline, type Transform } from 'node:stream';
import type { Exchange, HttpResponse } from '../http/exchange.ts';
import { carry } from './carry.ts';

/** Of one connection, not of what it carries (RFC 9110 section 7.6.1). */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** The headers that go on; also without those that a `Connection` header names. Not those of HTTP/2 itself. */
export function passedHeaders(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !name.startsWith(':') && !OF_CONNECTION.has(name) && !named.has(name),
    ),
  );
}

/** Changes the headers of an answer in place; returns what its body passes through. */
export type AnswerChange = (headers: OutgoingHttpHeaders) => readonly Transform[];

/**
 * Answers with what another server answered, as it comes and at the client's pace. Ends it when the client is gone, and
 * breaks the client's off when it broke off. Resolves when it is over; never rejects.
 */
export function pass(answer: IncomingMessage, exchange: Exchange, change?: AnswerChange): Promise<void> {
  return passAnswer(answer, exchange.response, change);
}

/** The same, outside of an exchange. */
export function passAnswer(
  answer: IncomingMessage,
  response: HttpResponse,
  change?: AnswerChange,
): Promise<void> {
  return new Promise((resolve) => {
    answer.on('error', () => breakOff(response));
    answer.on('close', () => {
      if (!answer.complete) breakOff(response);
    });
    response.on('close', () => {
      answer.destroy();
      resolve();
    });
    if (response.destroyed) {
      answer.destroy();
      resolve();
      return;
    }
    const headers = passedHeaders(answer.headers);
    const through = change?.(headers) ?? [];
    if ('stream' in response) response.writeHead(answer.statusCode ?? 502, headers);
    else {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
      // the first line of a log may be long in coming
      response.flushHeaders();
    }
    if (through.length === 0) carry(answer, response);
    // a body that cannot be read breaks the client's answer off, too
    else pipeline([answer, ...through, response as NodeJS.WritableStream], () => {});
  });
}

/** So that the client does not take what it has for all. */
function breakOff(response: HttpResponse): void {
  // a stream that is destroyed ends as if it were through
  if ('stream' in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}
