import { type Clock, systemClock } from '@sampan/base';
import { type CompactionPolicy, defaultCompaction } from './compaction.ts';
import type { Driver } from './driver.ts';
import { writeBackup } from './sqlite/backup.ts';
import type { Store } from './store.ts';
import { VersionedStore } from './versioned-store.ts';

export interface MemoryStoreOptions {
  /** Default: the system's. */
  clock?: Clock;
  /** Default: `defaultCompaction`. */
  compaction?: Partial<CompactionPolicy>;
}

/** A store that ends with the process; all else is as with a file, backups to a file included. */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const policy = { ...defaultCompaction, ...options.compaction };
  return new VersionedStore(memoryDriver, policy, options.clock ?? systemClock);
}

const memoryDriver: Driver = {
  load: () => ({ compacted: 0, rows: [] }),
  commit: () => {},
  tidy: () => false,
  backup: writeBackup,
  fileBytes: () => 0,
  close: () => {},
};
