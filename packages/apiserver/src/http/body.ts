import { errors, StatusError } from '@sampan/api';
import type { Exchange } from './exchange.ts';

/** The largest request (upstream's default, `--max-request-bytes`-like): 3 MiB. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** A body must be there within this time. */
const BODY_TIMEOUT_MS = 60_000;

/** Reads the whole body; throws RequestEntityTooLarge, Timeout, or BadRequest when the client goes away. */
export function readBody(exchange: Exchange, limit = MAX_BODY_BYTES): Promise<Buffer> {
  const { request, response } = exchange;
  const declared = Number(exchange.header('content-length') || 0);
  if (declared > limit) {
    closeAfter(exchange);
    return Promise.reject(errors.tooLarge(`limit is ${limit}`));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => {
      closeAfter(exchange);
      finish(() =>
        reject(new StatusError('Timeout', 'the body of the request did not arrive in time', {}, 408)),
      );
    }, BODY_TIMEOUT_MS);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      request.removeAllListeners('data');
      settle();
    };
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      closeAfter(exchange);
      finish(() => reject(errors.tooLarge(`limit is ${limit}`)));
    });
    request.on('end', () =>
      finish(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))),
    );
    request.on('error', () => finish(() => reject(errors.badRequest('the body of the request ended early'))));
    response.on('close', () => clearTimeout(timer));
  });
}

/** So long what is left of a body is read and thrown away after its request was answered. */
const LINGER_MS = 1000;

/**
 * What is left of the body does not count. It is read on for a while nevertheless: who still writes when the connection
 * is closed never sees the answer.
 */
function closeAfter(exchange: Exchange): void {
  const { request, response } = exchange;
  request.resume();
  if ('stream' in response) return;
  response.on('finish', () => {
    const timer = setTimeout(() => request.destroy(), LINGER_MS);
    request.once('end', () => clearTimeout(timer));
    request.once('close', () => clearTimeout(timer));
  });
}
