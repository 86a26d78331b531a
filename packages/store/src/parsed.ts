/**
 * Parsed objects are shared while somebody holds them, and forgotten otherwise: a hundred thousand idle
 * objects cost their bytes only. So that busy objects are not parsed again after each garbage collection,
 * the most recent ones of the whole process are held here, up to a number and a size.
 */
const SLOTS = 2048;
/** Sum of the JSON's bytes; an object takes some three to five times as much. */
const MOST_BYTES = 4 << 20;

const objects: unknown[] = new Array(SLOTS).fill(undefined);
const sizes = new Uint32Array(SLOTS);
let newest = 0;
let oldest = 0;
let held = 0;

/** Holds an object until newer ones have pushed it out. */
export function holdRecent(object: unknown, bytes: number): void {
  if (bytes > MOST_BYTES / 4) return;
  const next = (newest + 1) % SLOTS;
  while (oldest !== newest && (next === oldest || held + bytes > MOST_BYTES)) {
    objects[oldest] = undefined;
    held -= sizes[oldest] ?? 0;
    oldest = (oldest + 1) % SLOTS;
  }
  objects[newest] = object;
  sizes[newest] = bytes;
  held += bytes;
  newest = next;
}
