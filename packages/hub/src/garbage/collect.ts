import { allEnded } from '@sampan/base';
import {
  type BlobInfo,
  type BlobStore,
  type Digest,
  UploadBusyError,
  UploadUnknownError,
} from '@sampan/blobs';
import type { HubParts } from '../api/call.ts';
import {
  dropIdleLink,
  dropUnlinkedBlob,
  knownBlobs,
  type Link,
  scanBlobs,
  scanLinks,
} from '../metadata/garbage.ts';
import { othersTurn } from '../metadata/others-turn.ts';
import { uploadsBefore } from '../metadata/uploads.ts';

export interface CollectOptions {
  /**
   * How long a blob that no manifest needs is kept for one that is still to come, and an upload for its next chunk,
   * milliseconds; default a day. Must be more than a push takes from its first blob to its manifest, and more than
   * `RENEW_MS` of the blob API.
   */
  readonly grace?: number;
  /** Count what would go, and leave it. Default false. */
  readonly dryRun?: boolean;
  /** Asked between steps: whether to end early, with what was done so far. */
  readonly stopped?: () => boolean;
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
  /** Blobs that no manifest needs and that are let be for one that may come, and their bytes. */
  waiting: number;
  waitingBytes: number;
}

const DAY_MS = 24 * 60 * 60_000;

/** What is deleted at once: enough that commits are shared, few enough that pushes get their turn. */
const AT_ONCE = 32;

interface Run {
  /** What is younger is let be; milliseconds since the epoch. */
  readonly before: number;
  readonly dryRun: boolean;
  readonly collected: Collected;
  readonly stopped: () => boolean;
}

/**
 * Garbage collection while the registry serves: small steps, each of which looks again before it deletes. A blob goes
 * when no repository links it, under the lock that pushes and mounts of that digest hold too.
 */
export async function collectGarbage(parts: HubParts, options: CollectOptions = {}): Promise<Collected> {
  const { grace = DAY_MS, dryRun = false, stopped = () => false } = options;
  const collected: Collected = { links: 0, blobs: 0, bytes: 0, uploads: 0, waiting: 0, waitingBytes: 0 };
  const run: Run = { before: parts.clock.now() - grace, dryRun, collected, stopped };
  for (const step of [cancelUploads, dropLinks, dropBlobs, dropStrays]) await step(parts, run);
  return collected;
}

function cancelUploads(parts: HubParts, run: Run): Promise<void> {
  return parts.uploading.watch(async (used) => {
    let after: string | undefined;
    do {
      const { items, next } = await parts.blobs.listUploads({ after });
      for (const { id } of items.filter(({ modified }) => modified < run.before)) {
        if (run.dryRun || (await cancelUpload(parts, id, used))) run.collected.uploads += 1;
      }
      after = next;
    } while (after !== undefined && !run.stopped());
    if (!run.dryRun) await forgetUploads(parts, run, used);
  });
}

/** `used`: those that someone went on with since it was known how old they are. */
async function cancelUpload(
  { blobs, uploads }: HubParts,
  id: string,
  used: ReadonlySet<string>,
): Promise<boolean> {
  let cancelled = true;
  try {
    const upload = await blobs.openUpload(id);
    if (used.has(id)) return false;
    await upload.cancel();
  } catch (thrown) {
    // someone was faster, by going on with it or by ending it
    if (thrown instanceof UploadBusyError) return false;
    if (!(thrown instanceof UploadUnknownError)) throw thrown;
    cancelled = false;
  }
  await uploads.end(id);
  return cancelled;
}

/** Sessions whose bytes are gone: a crash or a full disk came between the two. They would count as begun for ever. */
async function forgetUploads(
  { blobs, records, uploads }: HubParts,
  { before, stopped }: Run,
  used: ReadonlySet<string>,
): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined && !stopped(); ) {
    const ids: string[] = await uploadsBefore(records.read, before, after);
    for (const id of ids) if (!used.has(id) && !(await hasUpload(blobs, id))) await uploads.end(id);
    after = ids.at(-1);
  }
}

async function hasUpload(blobs: BlobStore, id: string): Promise<boolean> {
  try {
    await blobs.openUpload(id);
    return true;
  } catch (thrown) {
    if (thrown instanceof UploadUnknownError) return false;
    throw thrown;
  }
}

async function dropLinks({ records }: HubParts, { before, dryRun, collected, stopped }: Run): Promise<void> {
  for (let after: Link | undefined; !stopped(); ) {
    const { idle, last } = await scanLinks(records.read, before, after);
    if (dryRun) collected.links += idle.length;
    else if (idle.length > 0) {
      collected.links += await records.write(async (to) => {
        let dropped = 0;
        for (const link of idle) dropped += (await dropIdleLink(to, link, before)) ? 1 : 0;
        return dropped;
      });
    }
    if (!last) return;
    after = last;
    await othersTurn();
  }
}

async function dropBlobs({ blobs, records, locks }: HubParts, run: Run): Promise<void> {
  const drop = (digest: Digest) =>
    locks.hold(digest, async () => {
      if (!(await records.write((to) => dropUnlinkedBlob(to, digest)))) return false;
      await blobs.delete(digest);
      return true;
    });
  for (let after = ''; !run.stopped(); ) {
    const before = run.dryRun ? run.before : undefined;
    const { unlinked, waiting, last } = await scanBlobs(records.read, after, before);
    run.collected.waiting += waiting.length;
    run.collected.waitingBytes += waiting.reduce((sum, { size }) => sum + size, 0);
    await dropAll(unlinked, drop, run);
    if (last === undefined) return;
    after = last;
    await othersTurn();
  }
}

/** Blobs of the store that the metadata does not know: a crash came between the two. */
async function dropStrays({ blobs, records, locks }: HubParts, run: Run): Promise<void> {
  const isKnown = async (digest: Digest) => (await knownBlobs(records.read, [digest])).size > 0;
  const drop = (digest: Digest) =>
    locks.hold(digest, async () => !(await isKnown(digest)) && blobs.delete(digest));
  let after: string | undefined;
  do {
    const { items, next } = await blobs.list({ after, limit: 500 });
    const old = items.filter(({ modified }) => modified < run.before);
    const digests = old.map(({ digest }) => digest);
    const known = await knownBlobs(records.read, digests);
    const strays = old.filter(({ digest }) => !known.has(digest));
    await dropAll(strays, drop, run);
    after = next;
  } while (after !== undefined && !run.stopped());
}

/** `drop` says whether it was so. */
async function dropAll(
  found: readonly Pick<BlobInfo, 'digest' | 'size'>[],
  drop: (digest: Digest) => Promise<boolean>,
  { dryRun, collected, stopped }: Run,
): Promise<void> {
  for (let start = 0; start < found.length && !stopped(); start += AT_ONCE) {
    // no deletion goes on after the end of the collection
    await allEnded(
      found.slice(start, start + AT_ONCE).map(async ({ digest, size }) => {
        if (!dryRun && !(await drop(digest))) return;
        collected.blobs += 1;
        collected.bytes += size;
      }),
    );
  }
}
