import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import type { Clock } from '@sampan/base';
import { appendInBatches } from '../append.ts';
import type { AppendOptions, BlobInfo, Upload } from '../blob-store.ts';
import { type Digest, type DigestAlgorithm, digestAlgorithm, finishDigest } from '../digest.ts';
import { DigestMismatchError, UploadUnknownError } from '../errors.ts';
import { Exclusive } from '../exclusive.ts';
import { diskError, makeFolder, syncFolder, systemCode, writeAll } from './disk.ts';
import { blobFile, blobFolder, uploadFile } from './layout.ts';
import { SyncAhead } from './sync-ahead.ts';

/** Bytes of one write: two of them are the memory that a running upload needs. */
const BATCH_BYTES = 256 * 1024;

/** How long an upload that nobody writes to keeps its file open. */
const IDLE_MS = 60_000;

/** What a hash knows; undefined where bytes came before it. */
interface Hashing {
  readonly algorithm: DigestAlgorithm;
  readonly hash: Hash;
}

export interface FileUploadSetup {
  readonly root: string;
  readonly id: string;
  readonly clock: Clock;
  /** Just made, or found. */
  readonly handle: FileHandle;
  readonly offset: number;
  /** The algorithm of an upload that has no bytes yet; undefined: bytes were written by a process before. */
  readonly algorithm: DigestAlgorithm | undefined;
  /** Called once, when the upload is committed or cancelled. */
  readonly onEnd: () => void;
}

/** An upload into a file, hashed on its way; after a restart the file is read once more for its hash. */
export class FileUpload implements Upload {
  readonly id: string;
  readonly #setup: FileUploadSetup;
  readonly #exclusive: Exclusive;
  #handle: FileHandle | undefined;
  #offset: number;
  #hashing: Hashing | undefined;
  #ended = false;
  readonly #ahead = new SyncAhead();
  #cancelIdle: () => void = () => undefined;

  constructor(setup: FileUploadSetup) {
    this.#setup = setup;
    this.id = setup.id;
    this.#exclusive = new Exclusive(setup.id);
    this.#handle = setup.handle;
    this.#offset = setup.offset;
    this.#hashing = setup.algorithm && { algorithm: setup.algorithm, hash: createHash(setup.algorithm) };
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
      const found = await this.#digest(handle, digestAlgorithm(digest));
      if (found !== digest) {
        await this.#forget();
        throw new DigestMismatchError(digest, found);
      }
      try {
        return await this.#place(handle, digest);
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
    for (const bytes of batch) this.#hashing?.hash.update(bytes);
    try {
      await written;
    } catch (error) {
      // the hash is ahead of the file now: it is made again from the file
      this.#hashing = undefined;
      await handle.truncate(this.#offset);
      throw diskError(`the upload ${this.id} cannot be written`, error);
    }
    this.#offset += size;
    this.#ahead.wrote(handle, size);
  }

  async #digest(handle: FileHandle, algorithm: DigestAlgorithm): Promise<Digest> {
    const hashing = this.#hashing;
    // when the commit fails after this, the hash is used up
    this.#hashing = undefined;
    if (hashing?.algorithm === algorithm) return finishDigest(hashing.hash, algorithm);
    const hash = createHash(algorithm);
    const stream = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: BATCH_BYTES });
    for await (const bytes of stream) hash.update(bytes as Uint8Array);
    return finishDigest(hash, algorithm);
  }

  async #place(handle: FileHandle, digest: Digest): Promise<BlobInfo> {
    const { root } = this.#setup;
    const folder = blobFolder(root, digest);
    await this.#ahead.finish(handle);
    const { size } = await handle.stat();
    const modified = this.#setup.clock.now();
    await handle.utimes(modified / 1000, modified / 1000);
    await renameInto(uploadFile(root, this.id), folder, blobFile(root, digest));
    await syncFolder(folder);
    await this.#end();
    return { digest, size, modified };
  }

  async #forget(): Promise<void> {
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
