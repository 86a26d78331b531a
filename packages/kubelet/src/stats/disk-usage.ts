import type { Dirent } from 'node:fs';
import { lstat, readdir, statfs } from 'node:fs/promises';
import type { Clock } from '@sampan/base';
import type { FsStats } from './summary.ts';

export interface FolderUsage {
  readonly bytes: number;
  readonly inodes: number;
}

const NOTHING: FolderUsage = { bytes: 0, inodes: 0 };
/** As du counts. */
const BLOCK = 512;
/** So long what a folder holds is believed (kubelet volumeStatsAggPeriod). */
const BELIEVED_MS = 60_000;

/** What folders hold. Walking a large one takes time, so what was found is kept for a minute. */
export class FolderSizes {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly at: number; readonly usage: Promise<FolderUsage> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing when it is not there. `believedMs`: how old the answer may be. */
  of(folder: string, believedMs = BELIEVED_MS): Promise<FolderUsage> {
    const now = this.#clock.monotonic();
    for (const [path, { at }] of this.#known) if (now - at > BELIEVED_MS) this.#known.delete(path);
    const known = this.#known.get(folder);
    if (known && now - known.at <= believedMs) return known.usage;
    const usage = walk(folder, new Set());
    this.#known.set(folder, { at: now, usage });
    return usage;
  }
}

/** Files with several names count once; what is mounted in it does not count. */
async function walk(folder: string, seen: Set<string>, device?: number): Promise<FolderUsage> {
  const found = await lstat(folder).catch(() => undefined);
  if (!found || (device !== undefined && found.dev !== device)) return NOTHING;
  const key = `${found.dev}:${found.ino}`;
  if (seen.has(key)) return NOTHING;
  seen.add(key);
  let bytes = found.blocks * BLOCK;
  let inodes = 1;
  if (!found.isDirectory()) return { bytes, inodes };
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  for (const { name } of entries) {
    const inside = await walk(`${folder}/${name}`, seen, found.dev);
    bytes += inside.bytes;
    inodes += inside.inodes;
  }
  return { bytes, inodes };
}

export interface DiskSpace {
  readonly capacity: number;
  /** For others than root. */
  readonly available: number;
  readonly used: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

/** Of the file system that holds `path`. Throws when there is none. */
export async function diskSpace(path: string): Promise<DiskSpace> {
  const { bsize, blocks, bavail, bfree, files, ffree } = await statfs(path);
  return {
    capacity: blocks * bsize,
    available: bavail * bsize,
    used: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
  };
}

/** A file system; `usage`: of it, what is meant; absent: all that is used. */
export function fsStats(time: string, space: DiskSpace, usage?: FolderUsage): FsStats {
  return {
    time,
    availableBytes: space.available,
    capacityBytes: space.capacity,
    usedBytes: usage?.bytes ?? space.used,
    inodesFree: space.inodesFree,
    inodes: space.inodes,
    inodesUsed: usage?.inodes ?? space.inodes - space.inodesFree,
  };
}
