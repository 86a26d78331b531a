import type { AppendOptions } from './blob-store.ts';
import { BlobTooLargeError, UploadOffsetError } from './errors.ts';

/**
 * Feeds a body to `write` in batches of about `batchBytes`, receiving the next one while one is written, so that an
 * upload holds two batches of memory however fast the client is. When the body fails, or grows beyond the limit,
 * what arrived before is written all the same.
 */
export async function appendInBatches(
  body: AsyncIterable<Uint8Array>,
  offset: number,
  { at, limit = Number.POSITIVE_INFINITY, release = () => undefined }: AppendOptions,
  batchBytes: () => number,
  write: (batch: Uint8Array[]) => Promise<void>,
): Promise<void> {
  if (at !== undefined && at !== offset) throw new UploadOffsetError(offset, at);
  let received = offset;
  let batch: Uint8Array[] = [];
  let batched = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await writing;
    const full = batch;
    batch = [];
    batched = 0;
    if (full.length === 0) return;
    writing = write(full).finally(() => full.forEach(release));
    // its failure is met by the next `await writing`, and must not count as unhandled until then
    writing.catch(() => undefined);
  };
  try {
    for await (const chunk of body) {
      if (received + chunk.length > limit) throw new BlobTooLargeError(limit);
      if (chunk.length === 0) continue;
      received += chunk.length;
      batch.push(chunk);
      batched += chunk.length;
      if (batched >= batchBytes()) await flush();
    }
  } finally {
    await flush();
    await writing;
  }
}
