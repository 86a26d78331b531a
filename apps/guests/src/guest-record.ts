import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { GuestSettings } from '@sampan/clusters';
import { writeFileSafely } from '@sampan/home';

/** What is remembered of a cluster beside its objects and keys. */
export interface GuestRecord {
  /** Of the files of a cluster: a newer one is refused. */
  readonly format: 1;
  readonly settings: GuestSettings;
  /** Which of the machine's cluster networks is its; absent: nothing runs its pods. */
  readonly network?: number;
  /** It had pods when it was last seen: it is woken at the start, so that somebody looks after them. */
  readonly hasPods?: boolean;
  /** When its controllers have something to do, milliseconds since the epoch; absent: nothing is planned. */
  readonly wakeAt?: number;
}

/** Names in a cluster's folder. */
export const GUEST_FILES = { database: 'cluster.db', record: 'record.json' } as const;

const DEFAULT: GuestRecord = { format: 1, settings: { idleMs: 600_000, paused: false, isSandboxed: false } };

/** What was written last; the default when nothing was. Throws when it cannot be understood. */
export function readRecord(folder: string): GuestRecord {
  let text: string;
  try {
    text = readFileSync(join(folder, GUEST_FILES.record), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return DEFAULT;
    throw error;
  }
  const record = JSON.parse(text) as GuestRecord;
  if (record.format !== 1)
    throw new Error(`its files are of format ${record.format}, which is newer than this`);
  return record;
}

export function writeRecord(folder: string, record: GuestRecord): void {
  writeFileSafely(join(folder, GUEST_FILES.record), `${JSON.stringify(record)}\n`);
}

/** Of its database on disk; 0: it has none yet. */
export function storedBytes(folder: string): number {
  return ['', '-wal']
    .map(
      (suffix) => statSync(join(folder, GUEST_FILES.database + suffix), { throwIfNoEntry: false })?.size ?? 0,
    )
    .reduce((sum, size) => sum + size, 0);
}
