import type { Hash } from 'node:crypto';
import { OciError } from '../errors.ts';
import { hashFor } from '../names/digest.ts';
import type { Descriptor } from './descriptor.ts';

/** Bytes as they come, checked when they end. */
export interface Checked {
  readonly hash: Hash;
  /** Of what is in `hash` already. */
  readonly offset: number;
}

/** Hands the bytes of a blob on; at their end throws `oci-content-mismatch` unless they are all of it. */
export async function* verified(
  { digest, size }: Descriptor,
  bytes: AsyncIterable<Buffer>,
  { hash, offset }: Checked = { hash: hashFor(digest), offset: 0 },
): AsyncGenerator<Buffer> {
  let seen = offset;
  for await (const chunk of bytes) {
    seen += chunk.length;
    if (seen > size) break;
    hash.update(chunk);
    yield chunk;
  }
  if (seen === size && digest.endsWith(`:${hash.digest('hex')}`)) return;
  throw new OciError('oci-content-mismatch', `What came for ${digest} are other bytes than those.`, {
    hint: 'Try again; if it comes back, what is stored there is damaged.',
  });
}
