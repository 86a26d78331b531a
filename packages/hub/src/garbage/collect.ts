import { type BlobInfo, UploadBusyError, UploadUnknownError } from '@sampan/blobs';
import type { HubParts } from '../api/call.ts';
import { dropIdleLink, dropUnlinkedBlob, idleLinks, knownBlobs, unlinkedBlobs } from '../metadata/garbage.ts';
import { forgetUpload } from '../metadata/uploads.ts';

export interface CollectOptions {
  /**
   * How long a blob that no manifest needs is kept for one that is still to come, and an upload for its next chunk,
   * milliseconds; default a day. Must be more than a push takes from its first blob to its manifest, and more than
   * `RENEW_MS` of the blob API.
   */
  readonly grace?: number;
}

/** What a collection took away. */
export interface Collected {
  /** Blobs taken from repositories whose manifests do not need them. */
  links: number;
  /** Blobs deleted, and their bytes. */
  blobs: number;
  bytes: number;
  /** Uploads that nobody went on with. */
  uploads: number;
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Garbage collection while the registry serves: small steps, each of which looks again before it deletes. A blob goes
 * when no repository links it, under the lock that pushes and mounts of that digest hold too.
 */
export async function collectGarbage(parts: HubParts, options: CollectOptions = {}): Promise<Collected> {
  const before = parts.clock.now() - (options.grace ?? DAY_MS);
  const collected: Collected = { links: 0, blobs: 0, bytes: 0, uploads: 0 };
  await cancelUploads(parts, before, collected);
  await dropLinks(parts, before, collected);
  await dropBlobs(parts, collected);
  await dropStrays(parts, before, collected);
  return collected;
}

async function cancelUploads(
  { blobs, records }: HubParts,
  before: number,
  collected: Collected,
): Promise<void> {
  let after: string | undefined;
  do {
    const { items, next } = await blobs.listUploads({ after });
    for (const { id } of items.filter(({ modified }) => modified < before)) {
      try {
        await (await blobs.openUpload(id)).cancel();
        collected.uploads += 1;
      } catch (thrown) {
        // someone was faster, by going on with it or by ending it
        if (thrown instanceof UploadBusyError) continue;
        if (!(thrown instanceof UploadUnknownError)) throw thrown;
      }
      await records.write((to) => forgetUpload(to, id));
    }
    after = next;
  } while (after !== undefined);
}

async function dropLinks({ records }: HubParts, before: number, collected: Collected): Promise<void> {
  for (;;) {
    const links = await idleLinks(records.read, before);
    if (links.length === 0) return;
    collected.links += await records.write(async (to) => {
      let dropped = 0;
      for (const link of links) dropped += (await dropIdleLink(to, link, before)) ? 1 : 0;
      return dropped;
    });
  }
}

async function dropBlobs({ blobs, records, locks }: HubParts, collected: Collected): Promise<void> {
  for (let after = ''; ; ) {
    const unlinked = await unlinkedBlobs(records.read, after);
    for (const { digest, size } of unlinked) {
      await locks.hold(digest, async () => {
        if (!(await records.write((to) => dropUnlinkedBlob(to, digest)))) return;
        await blobs.delete(digest);
        collected.blobs += 1;
        collected.bytes += size;
      });
    }
    const last = unlinked.at(-1);
    if (!last) return;
    after = last.digest;
  }
}

/** Blobs of the store that the metadata does not know: a crash came between the two. */
async function dropStrays(parts: HubParts, before: number, collected: Collected): Promise<void> {
  let after: string | undefined;
  do {
    const { items, next } = await parts.blobs.list({ after, limit: 500 });
    const old = items.filter(({ modified }) => modified < before);
    const known = await knownBlobs(
      parts.records.read,
      old.map(({ digest }) => digest),
    );
    for (const blob of old) if (!known.has(blob.digest)) await dropStray(parts, blob, collected);
    after = next;
  } while (after !== undefined);
}

async function dropStray(
  { blobs, records, locks }: HubParts,
  blob: BlobInfo,
  collected: Collected,
): Promise<void> {
  await locks.hold(blob.digest, async () => {
    if ((await knownBlobs(records.read, [blob.digest])).size > 0) return;
    if (!(await blobs.delete(blob.digest))) return;
    collected.blobs += 1;
    collected.bytes += blob.size;
  });
}
