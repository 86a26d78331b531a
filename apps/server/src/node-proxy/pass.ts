import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Exchange, HttpResponse } from '@sampan/apiserver';

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

/**
 * Answers with what another server answered, as it comes and at the client's pace. Ends it when the client is gone, and
 * breaks the client's off when it broke off. Resolves when it is over; never rejects.
 */
export function pass(answer: IncomingMessage, exchange: Exchange): Promise<void> {
  return passAnswer(answer, exchange.response);
}

/** The same, outside of an exchange. */
export function passAnswer(answer: IncomingMessage, response: HttpResponse): Promise<void> {
  return new Promise((resolve) => {
    answer.on('error', () => response.destroy());
    answer.on('close', () => {
      if (!answer.complete) response.destroy();
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
    if ('stream' in response) response.writeHead(answer.statusCode ?? 502, headers);
    else {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
      // the first line of a log may be long in coming
      response.flushHeaders();
    }
    answer.pipe(response as NodeJS.WritableStream);
  });
}
