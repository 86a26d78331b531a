import type { StoredChange } from './change-log.ts';

/** A row of the history: a version of a key, or its end. */
export interface Row {
  readonly revision: number;
  readonly key: string;
  readonly created: number;
  /**
   * Undefined: the key was deleted. Loaded values may be parts of larger buffers, one after the other; the
   * store keeps those as they are.
   */
  readonly value: Uint8Array | undefined;
}

/** What a compaction takes from the history; everything in it is superseded. */
export interface Removal {
  /** The oldest revision that can still be read. */
  readonly compacted: number;
  /** Revisions of rows. */
  readonly revisions: readonly number[];
}

/** The store's contents, for a driver that has to write them elsewhere. */
export interface Contents {
  readonly compacted: number;
  /** All that is kept, in order of revision: live versions, the log, and what the log replaced. */
  rows(): Iterable<Row>;
}

/**
 * Where a store's history is kept. The store calls it from one place, never twice at a time, and reads
 * from memory only.
 */
export interface Driver {
  /** Called once, before all else: the history in order of revision. Rows are read as they are asked for. */
  load(): { compacted: number; rows: Iterable<Row> };
  /** Writes all or nothing, durably; throws when nothing was written. */
  commit(changes: readonly StoredChange[], removal: Removal | undefined): void;
  /** Gives disk space back after a compaction; returns whether to call again soon for more. */
  tidy(): boolean;
  /** Writes to a new file what is committed. */
  backup(file: string, contents: Contents): Promise<void>;
  fileBytes(): number;
  /** Called once. */
  close(): void;
}
