import { buffer } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import { type Clock, systemClock } from '@sampan/base';
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
import { Bucket } from './bucket.ts';
import { Layout } from './layout.ts';
import { S3Upload, type S3UploadSetup, type S3UploadStart } from './s3-upload.ts';
import { decodeState, encodeState } from './upload-state.ts';

const MIB = 1024 * 1024;

/** S3's own limit of one page. */
const PAGE_LIMIT = 1000;

export interface S3BlobStoreOptions {
  readonly bucket: string;
  /** Before all keys; default none. Ends in `/`. */
  readonly prefix?: string | undefined;
  /** `https://HOST[:PORT]`; default: Amazon's of the region. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** Default: what the SDK finds on the machine (environment, profile, instance). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** `HOST/BUCKET` rather than `BUCKET.HOST`; default: with an endpoint of one's own. */
  readonly pathStyle?: boolean | undefined;
  /** Whether `redirect` gives signed URLs: clients must reach the endpoint themselves. Default true. */
  readonly redirects?: boolean | undefined;
  /** Bytes of a part, at least S3's 5 MiB; default 8 MiB. */
  readonly partBytes?: number | undefined;
  /** Most bytes of one copy, at most and by default S3's 5 GiB. */
  readonly copyBytes?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/**
 * Blobs in a bucket of S3 or what is compatible with it. Nothing is sent before the first call. Several processes may
 * share the bucket, but an upload belongs to one at a time.
 */
export function openS3BlobStore(options: S3BlobStoreOptions): BlobStore {
  const { bucket, endpoint, region, credentials, pathStyle = endpoint !== undefined } = options;
  const client = new S3Client({
    region,
    forcePathStyle: pathStyle,
    // newer checksums than MD5 are not known to many servers; every blob has its digest anyway
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  return new S3BlobStore(new Bucket(client, bucket), options);
}

class S3BlobStore implements BlobStore {
  readonly #bucket: Bucket;
  readonly #layout: Layout;
  readonly #options: S3BlobStoreOptions;
  readonly #uploads = new Map<string, Promise<S3Upload>>();

  constructor(bucket: Bucket, options: S3BlobStoreOptions) {
    this.#bucket = bucket;
    this.#layout = new Layout(options.prefix ?? '');
    this.#options = options;
  }

  async stat(digest: Digest): Promise<BlobInfo | undefined> {
    const found = await this.#bucket.head(this.#layout.blob(digest));
    return found && { digest, size: found.size, modified: found.modified };
  }

  async read(digest: Digest, range?: ByteRange): Promise<BlobReading> {
    const info = await this.stat(digest);
    if (!info) throw new BlobUnknownError(digest);
    const { start, end } = resolveRange(digest, info.size, range);
    const stream = await this.#bucket.get(this.#layout.blob(digest), range && { start, end });
    if (!stream) throw new BlobUnknownError(digest);
    return { size: info.size, start, end, stream };
  }

  async redirect(digest: Digest, { seconds }: { seconds: number }): Promise<string | undefined> {
    return this.#options.redirects === false
      ? undefined
      : this.#bucket.sign(this.#layout.blob(digest), seconds);
  }

  createUpload({ algorithm = 'sha256' }: { algorithm?: DigestAlgorithm | undefined } = {}): Promise<Upload> {
    const id = newUploadId();
    const create = async (): Promise<S3Upload> => {
      const state = { parts: 0, tail: Buffer.alloc(0) };
      await this.#bucket.put(this.#layout.state(id), encodeState(state));
      return new S3Upload(this.#setup(id), { algorithm, parts: [], tail: state.tail });
    };
    return this.#keep(id, create());
  }

  async openUpload(id: string): Promise<Upload> {
    if (!isUploadId(id)) throw new UploadUnknownError(id);
    const open = async (): Promise<S3Upload> => new S3Upload(this.#setup(id), await this.#start(id));
    return this.#uploads.get(id) ?? this.#keep(id, open());
  }

  async listUploads({ after, limit = PAGE_LIMIT }: PageOptions = {}): Promise<Page<UploadInfo>> {
    const from = after === undefined ? '' : this.#layout.state(after);
    const { objects, more } = await this.#bucket.list(
      this.#layout.uploads,
      from,
      Math.min(limit, PAGE_LIMIT),
    );
    const items = objects.map(({ key, modified }) => ({
      id: key.slice(this.#layout.uploads.length),
      modified,
    }));
    return { items: items.filter(({ id }) => isUploadId(id)), next: more ? items.at(-1)?.id : undefined };
  }

  async delete(digest: Digest): Promise<boolean> {
    // S3 does not say whether there was anything
    const found = await this.stat(digest);
    if (found) await this.#bucket.delete(this.#layout.blob(digest));
    return found !== undefined;
  }

  async list({ after, limit = PAGE_LIMIT }: PageOptions = {}): Promise<Page<BlobInfo>> {
    let from = after === undefined ? '' : this.#layout.blob(after as Digest);
    for (;;) {
      const page = await this.#bucket.list(this.#layout.blobs, from, Math.min(limit, PAGE_LIMIT));
      const items = page.objects.flatMap(({ key, size, modified }) => {
        const digest = this.#layout.digestOf(key);
        return digest ? [{ digest, size, modified }] : [];
      });
      const last = page.objects.at(-1)?.key;
      if (!page.more || last === undefined) return { items, next: undefined };
      if (items.length > 0) return { items, next: items.at(-1)?.digest };
      // a page of somebody else's objects only
      from = last;
    }
  }

  async close(): Promise<void> {
    const uploads = await Promise.allSettled(this.#uploads.values());
    this.#uploads.clear();
    for (const upload of uploads) if (upload.status === 'fulfilled') await upload.value.close();
    this.#bucket.close();
  }

  #setup(id: string): S3UploadSetup {
    const { partBytes = 8 * MIB, copyBytes = 5 * 1024 * MIB, clock = systemClock } = this.#options;
    const onEnd = (): void => void this.#uploads.delete(id);
    return { id, bucket: this.#bucket, layout: this.#layout, clock, partBytes, copyBytes, onEnd };
  }

  #keep(id: string, opening: Promise<S3Upload>): Promise<S3Upload> {
    this.#uploads.set(id, opening);
    opening.catch(() => this.#uploads.delete(id));
    return opening;
  }

  /** Where an upload of a process before stands. */
  async #start(id: string): Promise<S3UploadStart> {
    const stream = await this.#bucket.get(this.#layout.state(id));
    if (!stream) throw new UploadUnknownError(id);
    const { multipart, parts: count, tail } = decodeState(await buffer(stream));
    const data = this.#layout.data(id);
    const completed = await this.#bucket.head(data);
    if (completed) return { multipart, parts: [], tail: Buffer.alloc(0), completed: completed.size };
    if (multipart === undefined) return { parts: [], tail };
    const parts = await this.#bucket.parts(data, multipart);
    if (!parts) throw new UploadUnknownError(id);
    return { multipart, parts: parts.slice(0, count), tail };
  }
}
