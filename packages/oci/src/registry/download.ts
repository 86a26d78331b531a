import { Readable } from 'node:stream';
import type { Descriptor } from '../content/descriptor.ts';
import { OciError, UnreachableError } from '../errors.ts';
import { withRetries } from '../http/retry.ts';
import type { HttpAnswer } from '../http/transport.ts';
import type { Repository } from './repository.ts';

/** How often in a row a download may break off without a byte in between. */
const MAX_BREAKS = 5;

/** A blob from `offset` on, as one stream however often the connection breaks. Throws `oci-not-found`. */
export async function downloadBlob(
  repository: Repository,
  blob: Descriptor,
  offset: number,
): Promise<Readable> {
  const first = await ask(repository, blob, offset);
  return Readable.from(bytesOf(repository, blob, offset, first), { objectMode: false });
}

async function* bytesOf(
  repository: Repository,
  blob: Descriptor,
  offset: number,
  first: HttpAnswer,
): AsyncGenerator<Buffer> {
  let at = offset;
  let breaks = 0;
  for (let answer: HttpAnswer | undefined = first; answer; ) {
    try {
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        at += chunk.length;
        breaks = 0;
        if (at > blob.size) throw tooLong(blob);
        yield chunk;
      }
      if (at < blob.size) throw new Error('it ends early');
      return;
    } catch (cause) {
      if (cause instanceof OciError) throw cause;
      if (++breaks > MAX_BREAKS)
        throw new UnreachableError(`${blob.digest} broke off at byte ${at} of ${blob.size}.`, {
          passing: false,
          cause,
        });
    } finally {
      answer.body.destroy();
    }
    answer = at === blob.size ? undefined : await ask(repository, blob, at);
  }
}

function ask(repository: Repository, { digest, size }: Descriptor, offset: number): Promise<HttpAnswer> {
  return withRetries(async () => {
    const answer = await repository.registry.sendOnce({
      method: 'GET',
      url: repository.url(`blobs/${digest}`),
      scopes: [repository.scope('pull')],
      headers: offset > 0 && offset < size ? { range: `bytes=${offset}-` } : {},
      expected: [200, 206],
      what: `the blob ${digest} of ${repository.name}`,
    });
    // it knows no ranges
    if (answer.status === 200 && offset > 0) await drop(answer, offset);
    return answer;
  });
}

/** Reads and forgets the first bytes. */
async function drop({ body }: HttpAnswer, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const chunk = (body.read() ?? (await nextChunk(body))) as Buffer | null;
    if (chunk === null) throw new UnreachableError('The blob ends early.', { passing: true });
    if (chunk.length > left) body.unshift(chunk.subarray(left));
    left -= Math.min(left, chunk.length);
  }
}

function nextChunk(body: Readable): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const end = () => done(() => resolve(null));
    const fail = (error: Error) => done(() => reject(error));
    const readable = () => {
      const chunk = body.read() as Buffer | null;
      if (chunk !== null) done(() => resolve(chunk));
    };
    const done = (settle: () => void) => {
      body.off('end', end).off('error', fail).off('readable', readable);
      settle();
    };
    body.on('end', end).on('error', fail).on('readable', readable);
  });
}

const tooLong = ({ digest, size }: Descriptor): OciError =>
  new OciError('oci-content-mismatch', `${digest} has more than its ${size} bytes.`);
