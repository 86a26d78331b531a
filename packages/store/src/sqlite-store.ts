import { type Clock, messageOf, SampanError, systemClock } from '@sampan/base';
import { type CompactionPolicy, defaultCompaction } from './compaction.ts';
import { StoreCorruptError } from './errors.ts';
import { SqliteDriver } from './sqlite/sqlite-driver.ts';
import type { IsFleeting, Store } from './store.ts';
import { VersionedStore } from './versioned-store.ts';

export interface SqliteStoreOptions {
  /** Made when it does not exist, with mode 0600; its folder must exist. */
  file: string;
  /** Default: the system's. */
  clock?: Clock;
  /** Default: `defaultCompaction`. */
  compaction?: Partial<CompactionPolicy>;
  /** Memory for pages that commits touch, in KiB; default 256. Reads need none: less suits stores of few writes. */
  cacheKiB?: number;
  /** Default: none is. */
  isFleeting?: IsFleeting | undefined;
}

/**
 * A store in one SQLite file, loaded to memory and locked until `close`. Throws `StoreLockedError`,
 * `StoreCorruptError`, `StoreTooNewError` or `StoreOpenError`; a damaged file is left as it is.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const driver = new SqliteDriver(options.file, options.cacheKiB);
  const policy = { ...defaultCompaction, ...options.compaction };
  try {
    return new VersionedStore(driver, policy, options.clock ?? systemClock, options.isFleeting);
  } catch (error) {
    driver.close();
    if (error instanceof SampanError) throw error;
    throw new StoreCorruptError(options.file, messageOf(error), error);
  }
}
