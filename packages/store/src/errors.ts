import { messageOf, SampanError } from '@sampan/base';
import type { Entry } from './store.ts';

/** The key is not at the revision that the writer expected. */
export class RevisionMismatchError extends SampanError {
  /** What is there now; undefined: the key does not exist. */
  readonly current: Entry | undefined;

  /** `expected` undefined: any, but the key must exist. */
  constructor(key: string, expected: number | undefined, current: Entry | undefined) {
    super(
      'store-revision-mismatch',
      `${key}: expected ${expected === undefined ? 'any revision' : `revision ${expected}`}, found ${current?.revision ?? 0}`,
    );
    this.current = current;
  }
}

/** The revision asked for is older than the last compaction. */
export class CompactedError extends SampanError {
  readonly compacted: number;

  constructor(revision: number, compacted: number) {
    super('store-compacted', `revision ${revision} is compacted; the oldest kept is ${compacted}`);
    this.compacted = compacted;
  }
}

/** The revision asked for has not been written yet. */
export class FutureRevisionError extends SampanError {
  readonly current: number;

  constructor(revision: number, current: number) {
    super('store-future-revision', `revision ${revision} is newer than the newest, ${current}`);
    this.current = current;
  }
}

/** The commit failed (a full disk, an I/O error); nothing of it was stored. */
export class StoreWriteError extends SampanError {
  constructor(cause: unknown) {
    super('store-write', `the change could not be written: ${messageOf(cause)}`, {
      hint: 'Free some disk space or check the disk; nothing was stored, so the same request can be sent again.',
      cause,
    });
  }
}

/** The file is damaged or not a store. */
export class StoreCorruptError extends SampanError {
  constructor(file: string, reason: string, cause?: unknown) {
    super('store-corrupt', `${file} cannot be opened: ${reason}`, {
      hint: 'Restore the file from a backup; the damaged one is left as it is.',
      cause,
    });
  }
}

/** The file cannot be opened or made: no such folder, no permission, a full disk. */
export class StoreOpenError extends SampanError {
  constructor(file: string, cause: unknown) {
    super('store-open', `${file} cannot be opened: ${messageOf(cause)}`, {
      hint: 'Check that the folder exists, that this user may write to it, and that the disk has room.',
      cause,
    });
  }
}

/** Another process, or another store of this one, has the file open. */
export class StoreLockedError extends SampanError {
  constructor(file: string, cause?: unknown) {
    super('store-locked', `${file} is in use by another process`, {
      hint: 'Stop the other process, or use another file; a store has one process at a time.',
      cause,
    });
  }
}

/** A backup does not replace what is there. */
export class BackupExistsError extends SampanError {
  constructor(file: string) {
    super('store-backup-exists', `${file} exists already`, {
      hint: 'Choose another name, or remove the file first.',
    });
  }
}

/** The file was written by a newer release. */
export class StoreTooNewError extends SampanError {
  constructor(file: string, found: number, supported: number) {
    super('store-too-new', `${file} has format ${found}, this release reads up to ${supported}`, {
      hint: 'Start the newer release, or restore a backup made by this one.',
    });
  }
}

export class StoreClosedError extends SampanError {
  constructor() {
    super('store-closed', 'the store is closed');
  }
}
