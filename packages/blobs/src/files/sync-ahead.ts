import { diskError } from './disk.ts';

/** What is synced: a file. */
interface Synced {
  datasync(): Promise<void>;
}

/** So many bytes go to disk at a time. */
const SYNC_BYTES = 16 * 1024 * 1024;

/** So many files of a store at once: more would hold up the threads that others' writes need, and the disk as well. */
const SYNCED_AT_ONCE = 4;

/** Whose turn it is to be synced ahead; shared by all files of a store. */
export class SyncTurns {
  #taken = 0;

  /** Whether there was one; then it is to be given back. */
  take(): boolean {
    if (this.#taken === SYNCED_AT_ONCE) return false;
    this.#taken++;
    return true;
  }

  giveBack(): void {
    this.#taken--;
  }
}

/** Has a file's bytes go to disk while more arrive, rather than all at the end. */
export class SyncAhead {
  readonly #turns: SyncTurns;
  /** Bytes since the disk was last told to begin. */
  #unsynced = 0;
  #syncing: Promise<void> | undefined;
  /** Told by the disk only once: the bytes are not to be trusted any more. */
  #failure: unknown;

  constructor(turns: SyncTurns) {
    this.#turns = turns;
  }

  /** So many bytes more are in the file. Throws when those before could not be stored. */
  wrote(file: Synced, size: number): void {
    if (this.#failure !== undefined) throw diskError('an upload cannot be stored', this.#failure);
    this.#unsynced += size;
    if (this.#unsynced < SYNC_BYTES || this.#syncing || !this.#turns.take()) return;
    this.#unsynced = 0;
    const failed = (error: unknown): void => {
      this.#failure = error;
    };
    this.#syncing = file
      .datasync()
      .catch(failed)
      .finally(() => {
        this.#syncing = undefined;
        this.#turns.giveBack();
      });
  }

  /** Resolves when all of the file is on disk. Throws when any of it is not. */
  async finish(file: Synced): Promise<void> {
    await this.#syncing;
    if (this.#failure !== undefined) throw this.#failure;
    await file.datasync();
  }
}
