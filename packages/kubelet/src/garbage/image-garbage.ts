import type { ImageStatus } from '../runtime/index.ts';

/** What is remembered of an image, in milliseconds of one clock. */
export interface ImageRecord {
  readonly firstSeen: number;
  /** 0: never since it was first seen. */
  readonly lastUsed: number;
}

/** What is known of the images that are there now. `used`: ids of those that containers or sandboxes are made of. Pure. */
export function recordImages(
  before: ReadonlyMap<string, ImageRecord>,
  images: readonly ImageStatus[],
  used: ReadonlySet<string>,
  now: number,
): Map<string, ImageRecord> {
  return new Map(
    images.map(({ id }): [string, ImageRecord] => {
      const known = before.get(id) ?? { firstSeen: now, lastUsed: 0 };
      return [id, used.has(id) ? { ...known, lastUsed: now } : known];
    }),
  );
}

export interface GarbageRules {
  readonly now: number;
  /** So many bytes are to be freed; Infinity: all that can be. */
  readonly bytes: number;
  /** An image that was seen first less than this ago is about to be used, in milliseconds. */
  readonly minAgeMs: number;
  /** By name or id: never removed. */
  readonly kept: ReadonlySet<string>;
}

/**
 * Which images go, those first that were used longest ago (images/image_gc_manager.go freeSpace). Unlike upstream, those
 * that came from no registry (without a digest) stay: nobody could bring them back. Pure.
 */
export function imageGarbage(
  images: readonly ImageStatus[],
  records: ReadonlyMap<string, ImageRecord>,
  { now, bytes, minAgeMs, kept }: GarbageRules,
): ImageStatus[] {
  const candidates = images
    .filter(({ id, tags, digests, pinned }) => {
      return !pinned && digests.length > 0 && ![id, ...tags].some((name) => kept.has(name));
    })
    .flatMap((image) => {
      const record = records.get(image.id);
      if (!record || record.lastUsed >= now || now - record.firstSeen < minAgeMs) return [];
      return [{ image, ...record }];
    })
    .sort((a, b) => a.lastUsed - b.lastUsed || a.firstSeen - b.firstSeen);
  const chosen: ImageStatus[] = [];
  let freed = 0;
  for (const { image } of candidates) {
    if (freed >= bytes) break;
    chosen.push(image);
    freed += image.size;
  }
  return chosen;
}
