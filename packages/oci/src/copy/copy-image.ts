import type { BlobOutcome, ContentSource, ContentTarget } from '../content/content.ts';
import type { Descriptor } from '../content/descriptor.ts';
import type { Manifest } from '../content/manifest.ts';
import { inParallel } from './in-parallel.ts';
import { planCopy } from './plan.ts';

/** What Docker pushes and containerd pulls at once by default lies between three and six. */
const USUAL_JOBS = 4;

export interface CopyOptions {
  readonly source: ContentSource;
  readonly target: ContentTarget;
  /** The image: a manifest, or an index with all that it names. */
  readonly image: Manifest;
  /** What it is called there; none: it is there under its digest alone. */
  readonly tags: readonly string[];
  /** Blobs at once; default 4. */
  readonly jobs?: number | undefined;
  readonly watcher?: CopyWatcher | undefined;
}

/** Told how a copy goes on. Must not throw. */
export interface CopyWatcher {
  /** The blobs that may have to be moved, once. */
  onPlan?(blobs: readonly Descriptor[]): void;
  /** Bytes that are there of a blob that is on its way; may go back when a part is sent again. */
  onMoved?(blob: Descriptor, bytes: number): void;
  onBlob?(blob: Descriptor, outcome: BlobOutcome): void;
}

export interface Copied {
  readonly digest: string;
  readonly blobs: number;
  /** Bytes of blobs that were sent; those that were there are not counted. */
  readonly movedBytes: number;
}

/**
 * Copies an image with all that it needs, whose bytes are checked; what the target has is not moved. Interrupted, it
 * leaves nothing under the tags, and can be done again. Throws OciErrors.
 */
export async function copyImage(options: CopyOptions): Promise<Copied> {
  const { source, target, image, tags, jobs = USUAL_JOBS, watcher } = options;
  const { manifests, blobs } = await planCopy(source, target, image);
  watcher?.onPlan?.(blobs);
  let movedBytes = 0;
  await inParallel(blobs, Math.min(jobs, target.mostJobs), async (blob) => {
    const outcome = await target.putBlob(blob, source, (bytes) => watcher?.onMoved?.(blob, bytes));
    if (outcome === 'moved') movedBytes += blob.size;
    watcher?.onBlob?.(blob, outcome);
  });
  for (const manifest of manifests) {
    await target.putManifest(manifest, manifest === image ? tags : undefined);
  }
  return { digest: image.descriptor.digest, blobs: blobs.length, movedBytes };
}
