import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import type { Clock } from '@sampan/base';
import { appendInBatches } from '../append.ts';
import type { AppendOptions, BlobInfo, Upload } from '../blob-store.ts';
import { type Digest, type DigestAlgorithm, digestAlgorithm } from '../digest.ts';
import { DigestMismatchError, UploadUnknownError } from '../errors.ts';
import { Exclusive } from '../exclusive.ts';
import { diskError, makeFolder, syncFolder, systemCode, writeAll } from './disk.ts';
import type { HashThread } from './hash-thread.ts';
import { blobFile, blobFolder, uploadFile } from './layout.ts';
import { SyncAhead, type SyncTurns } from './sync-ahead.ts';
import { UploadHash } from './upload-hash.ts';

/** Bytes of one write: two of them are the memory that a running upload needs. */
const BATCH_BYTES = 256 * 1024;

/** How long an upload that nobody writes to keeps its file open. */
const IDLE_MS = 60_000;

export interface FileUploadSetup {
  readonly root: string;
  readonly id: string;
  readonly clock: Clock;
  readonly thread: HashThread;
  readonly turns: SyncTurns;
  /** Just made, or found. */
  readonly handle: FileHandle;
  readonly offset: number;
  /** The algorithm of an upload that has no bytes yet; undefined: bytes were written by a process before. */
  readonly algorithm: DigestAlgorithm | undefined;
  /** Called once, when the upload is committed or cancelled. */
  readonly onEnd: () => void;
}

/** An upload into a file, hashed on its way. */
export class FileUpload implements Upload {
  readonly id: string;
  readonly #setup: FileUploadSetup;
  readonly #exclusive: Exclusive;
  #handle: FileHandle | undefined;
  #offset: number;
  readonly #hash: UploadHash;
  #ended = false;
  readonly #ahead: SyncAhead;
  #cancelIdle: () => void = () => undefined;

  constructor(setup: FileUploadSetup) {
    this.#setup = setup;
    this.id = setup.id;
    this.#exclusive = new Exclusive(setup.id);
    this.#handle = setup.handle;
    this.#offset = setup.offset;
    this.#ahead = new SyncAhead(setup.turns);
    this.#hash = new UploadHash(uploadFile(setup.root, setup.id), setup.thread, setup.algorithm);
    this.#armIdle();
  }

  get offset(): number {
    return this.#offset;
  }

  append(body: AsyncIterable<Uint8Array>, options: AppendOptions = {}): Promise<number> {
    return this.#use(async (handle) => {
      const write = (batch: Uint8Array[]): Promise<void> => this.#write(handle, batch);
      await appendInBatches(body, this.#offset, options, () => BATCH_BYTES, write);
      return this.#offset;
    });
  }

  commit(digest: Digest): Promise<BlobInfo> {
    return this.#use(async (handle) => {
      try {
        const hashed = this.#hash.digest(digestAlgorithm(digest), this.#offset);
        // the rest goes to disk meanwhile
        const [found] = await Promise.all([hashed, this.#ahead.finish(handle)]);
        if (found === digest) return await this.#place(handle, digest);
        await this.#forget();
        throw new DigestMismatchError(digest, found);
      } catch (error) {
        throw diskError(`${digest} cannot be stored`, error);
      }
    });
  }

  cancel(): Promise<void> {
    return this.#use(() => this.#forget());
  }

  /** Closes the file; the upload can be gone on with. */
  async close(): Promise<void> {
    this.#cancelIdle();
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #use<T>(task: (handle: FileHandle) => Promise<T>): Promise<T> {
    return this.#exclusive.run(async () => {
      this.#cancelIdle();
      try {
        return await task(await this.#open());
      } finally {
        if (!this.#ended) this.#armIdle();
      }
    });
  }

  async #open(): Promise<FileHandle> {
    if (this.#ended) throw new UploadUnknownError(this.id);
    this.#handle ??= await open(uploadFile(this.#setup.root, this.id), 'r+');
    return this.#handle;
  }

  #armIdle(): void {
    this.#cancelIdle = this.#setup.clock.schedule(() => {
      // an error of closing would have been one of writing before, and commit syncs what it opens again
      if (!this.#exclusive.busy) this.close().catch(() => undefined);
    }, IDLE_MS);
  }

  async #write(handle: FileHandle, batch: Uint8Array[]): Promise<void> {
    const size = batch.reduce((sum, { length }) => sum + length, 0);
    const written = writeAll(handle, batch, this.#offset);
    // while the disk works
    this.#hash.update(batch);
    try {
      await written;
    } catch (error) {
      this.#hash.failed();
      await handle.truncate(this.#offset);
      throw diskError(`the upload ${this.id} cannot be written`, error);
    }
    this.#offset += size;
    this.#hash.wrote(this.#offset);
    this.#ahead.wrote(handle, size);
  }

  async #place(handle: FileHandle, digest: Digest): Promise<BlobInfo> {
    const { root } = this.#setup;
    const folder = blobFolder(root, digest);
    const { size } = await handle.stat();
    const modified = this.#setup.clock.now();
    await handle.utimes(modified / 1000, modified / 1000);
    await renameInto(uploadFile(root, this.id), folder, blobFile(root, digest));
    await syncFolder(folder);
    await this.#end();
    return { digest, size, modified };
  }

  async #forget(): Promise<void> {
    this.#hash.end();
    await unlink(uploadFile(this.#setup.root, this.id));
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#ended = true;
    this.#setup.onEnd();
    await this.close();
  }
}

async function renameInto(from: string, folder: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await makeFolder(folder);
    await rename(from, to);
  }
}
