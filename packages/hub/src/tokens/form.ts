import type { Readable } from 'node:stream';

/** Names, a password or a token and some scopes need far less. */
const MAX_FORM_BYTES = 64 * 1024;

/** The fields of a body `application/x-www-form-urlencoded`; undefined: it is too long. */
export async function readForm(body: Readable): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FORM_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks, size).toString('utf8'));
}
