/** The versioned object store. Start with `store.ts`; `README.md` says how it works. */
export { type CompactionPolicy, defaultCompaction } from './compaction.ts';
export * from './errors.ts';
export { createMemoryStore, type MemoryStoreOptions } from './memory-store.ts';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
export * from './store.ts';
