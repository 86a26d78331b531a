import type { ByteRange } from './blob-store.ts';
import type { Digest } from './digest.ts';
import { BlobRangeError } from './errors.ts';

/** The bytes of a blob that a range means, both ends included; throws `BlobRangeError`. */
export function resolveRange(
  digest: Digest,
  size: number,
  range: ByteRange | undefined,
): { start: number; end: number } {
  if (!range) return { start: 0, end: size - 1 };
  const end = Math.min(range.end ?? size - 1, size - 1);
  if (range.start < 0 || range.start > end) throw new BlobRangeError(digest, size);
  return { start: range.start, end };
}
