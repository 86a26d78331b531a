import { BlobStorageError } from '../errors.ts';
import type { Bucket, Part } from './bucket.ts';
import { s3Unsupported } from './s3-error.ts';

/** Parts that are copied at the same time. */
const AT_ONCE = 4;

export interface CopySizes {
  /** Bytes of the object. */
  readonly size: number;
  /** Most bytes that S3 copies in one call. */
  readonly copyBytes: number;
  /** Bytes of a part that goes through this process. */
  readonly partBytes: number;
}

/**
 * Copies an object within the bucket. Servers that do not know how to (or say that they did, and did not: Ceph's
 * dbstore) get the bytes through this process. What counts is that the copy is there with its size.
 */
export async function copyObject(bucket: Bucket, from: string, to: string, sizes: CopySizes): Promise<void> {
  const { size, copyBytes } = sizes;
  try {
    if (size <= copyBytes) await bucket.copy(from, to);
    else await inParts(bucket, to, (multipart) => copyParts(bucket, from, to, multipart, sizes));
  } catch (error) {
    if (!(error instanceof BlobStorageError) || !s3Unsupported(error.cause)) throw error;
  }
  if ((await bucket.head(to))?.size === size) return;
  await inParts(bucket, to, (multipart) => sendParts(bucket, from, to, multipart, sizes));
  if ((await bucket.head(to))?.size === size) return;
  throw new BlobStorageError('S3 did not keep a copy', new Error(`${to} is not there with ${size} bytes`));
}

async function inParts(
  bucket: Bucket,
  to: string,
  make: (multipart: string) => Promise<readonly Part[]>,
): Promise<void> {
  const multipart = await bucket.createMultipart(to);
  try {
    await bucket.completeMultipart(to, multipart, await make(multipart));
  } catch (error) {
    // this one only: others may be copying the same blob
    await bucket.abortMultipart(to, multipart);
    throw error;
  }
}

async function copyParts(
  bucket: Bucket,
  from: string,
  to: string,
  multipart: string,
  { size, copyBytes }: CopySizes,
): Promise<Part[]> {
  const count = Math.ceil(size / copyBytes);
  const parts: Part[] = [];
  for (let first = 0; first < count; first += AT_ONCE) {
    const group = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, n) => first + n);
    const copied = group.map((n) => {
      const range = { start: n * copyBytes, end: Math.min((n + 1) * copyBytes, size) - 1 };
      return bucket.copyPart(from, to, multipart, n + 1, range);
    });
    parts.push(...(await Promise.all(copied)));
  }
  return parts;
}

/** One after the other, so that one part is in memory. */
async function sendParts(
  bucket: Bucket,
  from: string,
  to: string,
  multipart: string,
  { size, partBytes }: CopySizes,
): Promise<Part[]> {
  const parts: Part[] = [];
  // S3 has at most 10,000 parts
  const bytes = Math.max(partBytes, Math.ceil(size / 10_000));
  for (let start = 0; start < size; start += bytes) {
    const stream = await bucket.get(from, { start, end: Math.min(start + bytes, size) - 1 });
    if (!stream) throw new BlobStorageError('S3 cannot copy', new Error(`${from} is not there`));
    const part = Buffer.concat(await stream.toArray());
    parts.push(await bucket.sendPart(to, multipart, parts.length + 1, part));
  }
  return parts;
}
