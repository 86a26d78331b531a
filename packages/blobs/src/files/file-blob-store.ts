import { open, readdir, stat, unlink } from 'node:fs/promises';
import type { Clock } from '@sampan/base';
import { systemClock } from '@sampan/base';
import type {
  BlobInfo,
  BlobReading,
  BlobStore,
  ByteRange,
  Page,
  PageOptions,
  Upload,
  UploadInfo,
} from '../blob-store.ts';
import { resolveRange } from '../byte-range.ts';
import type { Digest, DigestAlgorithm } from '../digest.ts';
import { BlobUnknownError, UploadUnknownError } from '../errors.ts';
import { isUploadId, newUploadId } from '../upload-id.ts';
import { diskError, makeFolder, systemCode } from './disk.ts';
import { FileUpload } from './file-upload.ts';
import { HashThread } from './hash-thread.ts';
import { blobFile, uploadFile, uploadsFolder } from './layout.ts';
import { listBlobFiles } from './list-blob-files.ts';
import { SyncTurns } from './sync-ahead.ts';

/** Bytes of one read of a blob. */
const READ_BYTES = 512 * 1024;

const PAGE_LIMIT = 1000;

export interface FileBlobStoreOptions {
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/**
 * Opens the blobs of a folder, which is made if it is not there. One process at a time: uploads are owned by the one
 * that goes on with them. Throws `BlobStorageError` or `BlobSpaceError`.
 */
export async function openFileBlobStore(
  folder: string,
  { clock = systemClock }: FileBlobStoreOptions = {},
): Promise<BlobStore> {
  try {
    await makeFolder(uploadsFolder(folder));
  } catch (error) {
    throw diskError(`${folder} cannot be opened`, error);
  }
  return new FileBlobStore(folder, clock);
}

class FileBlobStore implements BlobStore {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #thread = new HashThread();
  readonly #turns = new SyncTurns();
  /** Those this process has begun or opened, so that a second request finds the same hash and lock. */
  readonly #uploads = new Map<string, Promise<FileUpload>>();

  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  async stat(digest: Digest): Promise<BlobInfo | undefined> {
    try {
      const { size, mtimeMs } = await stat(blobFile(this.#root, digest));
      return { digest, size, modified: Math.round(mtimeMs) };
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw diskError(`${digest} cannot be looked up`, error);
    }
  }

  async read(digest: Digest, range?: ByteRange): Promise<BlobReading> {
    try {
      const handle = await open(blobFile(this.#root, digest), 'r');
      try {
        const { size } = await handle.stat();
        const { start, end } = resolveRange(digest, size, range);
        // of nothing to read, `end` would be before `start`, which streams refuse
        const ends = end < start ? {} : { end };
        const stream = handle.createReadStream({ start, ...ends, highWaterMark: READ_BYTES });
        return { size, start, end, stream };
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') throw new BlobUnknownError(digest);
      throw diskError(`${digest} cannot be read`, error);
    }
  }

  async redirect(): Promise<undefined> {
    return undefined;
  }

  createUpload({ algorithm = 'sha256' }: { algorithm?: DigestAlgorithm | undefined } = {}): Promise<Upload> {
    const id = newUploadId();
    return this.#keep(id, this.#openUpload(id, 'wx+', algorithm));
  }

  async openUpload(id: string): Promise<Upload> {
    if (!isUploadId(id)) throw new UploadUnknownError(id);
    return this.#uploads.get(id) ?? this.#keep(id, this.#openUpload(id, 'r+'));
  }

  async listUploads({ after = '', limit = PAGE_LIMIT }: PageOptions = {}): Promise<Page<UploadInfo>> {
    const all = (await readdir(uploadsFolder(this.#root)))
      .filter((id) => isUploadId(id) && id > after)
      .sort();
    const some = all.slice(0, Math.min(limit, PAGE_LIMIT));
    const infos = await Promise.all(some.map((id) => this.#uploadInfo(id)));
    const items = infos.filter((info) => info !== undefined);
    return { items, next: some.length < all.length ? some.at(-1) : undefined };
  }

  async delete(digest: Digest): Promise<boolean> {
    try {
      await unlink(blobFile(this.#root, digest));
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw diskError(`${digest} cannot be deleted`, error);
    }
  }

  async list({ after, limit = PAGE_LIMIT }: PageOptions = {}): Promise<Page<BlobInfo>> {
    const most = Math.min(limit, PAGE_LIMIT);
    const digests: Digest[] = [];
    for await (const digest of listBlobFiles(this.#root, after)) {
      digests.push(digest);
      if (digests.length > most) break;
    }
    const some = digests.slice(0, most);
    const infos = await Promise.all(some.map((digest) => this.stat(digest)));
    const items = infos.filter((info) => info !== undefined);
    return { items, next: digests.length > most ? some.at(-1) : undefined };
  }

  async close(): Promise<void> {
    const uploads = await Promise.allSettled(this.#uploads.values());
    this.#uploads.clear();
    for (const upload of uploads) if (upload.status === 'fulfilled') await upload.value.close();
    await this.#thread.close();
  }

  /** Requests that open the same upload at the same time share one. */
  #keep(id: string, opening: Promise<FileUpload>): Promise<FileUpload> {
    this.#uploads.set(id, opening);
    opening.catch(() => this.#uploads.delete(id));
    return opening;
  }

  async #openUpload(id: string, flags: string, algorithm?: DigestAlgorithm): Promise<FileUpload> {
    try {
      const handle = await open(uploadFile(this.#root, id), flags, 0o600);
      const { size: offset } = await handle.stat();
      const onEnd = (): void => void this.#uploads.delete(id);
      const own = { root: this.#root, clock: this.#clock, thread: this.#thread, turns: this.#turns };
      return new FileUpload({ ...own, id, handle, offset, algorithm, onEnd });
    } catch (error) {
      if (flags === 'r+' && systemCode(error) === 'ENOENT') throw new UploadUnknownError(id);
      throw diskError('an upload cannot be opened', error);
    }
  }

  async #uploadInfo(id: string): Promise<UploadInfo | undefined> {
    try {
      return { id, modified: Math.round((await stat(uploadFile(this.#root, id))).mtimeMs) };
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw diskError(`the upload ${id} cannot be looked up`, error);
    }
  }
}
