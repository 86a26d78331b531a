import { createHash } from 'node:crypto';
import { type Digest, digestAlgorithm, finishDigest } from '@sampan/blobs';
import type { HubParts } from '../api/call.ts';
import { METADATA_CHECKS, recordedBlobs } from '../metadata/checks.ts';

/** Something of the registry that is not as it must be. */
export interface Fault {
  readonly digest: Digest;
  /** Follows the digest in a sentence. */
  readonly what: string;
}

/**
 * Looks for what is promised and not there. `read`: also reads every blob and compares its digest. Of a registry that
 * serves meanwhile it may report what just comes or goes: look twice. What nobody needs is no fault but garbage.
 */
export async function checkHub(parts: HubParts, options: { readonly read: boolean }): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const [what, find] of Object.entries(METADATA_CHECKS)) {
    for (const { digest } of await find(parts.records.read)) faults.push({ digest, what });
  }
  for (let after: Digest | '' = ''; ; ) {
    const recorded: { digest: Digest; size: number }[] = await recordedBlobs(parts.records.read, after);
    for (const blob of recorded) {
      const what = await faultOf(parts, blob, options.read);
      if (what !== undefined) faults.push({ digest: blob.digest, what });
    }
    const last = recorded.at(-1);
    if (!last) return faults;
    after = last.digest;
  }
}

async function faultOf(
  { blobs }: HubParts,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  read: boolean,
): Promise<string | undefined> {
  const found = await blobs.stat(digest);
  if (!found) return 'is recorded but not stored';
  if (found.size !== size) return `has ${found.size} bytes instead of ${size}`;
  if (!read) return undefined;
  const algorithm = digestAlgorithm(digest);
  const hash = createHash(algorithm);
  for await (const chunk of (await blobs.read(digest)).stream) hash.update(chunk as Uint8Array);
  return finishDigest(hash, algorithm) === digest ? undefined : 'has other bytes than its digest says';
}
