import { createHash, type Hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '@sampan/base';
import { appendInBatches } from '../append.ts';
import type { AppendOptions, BlobInfo, Upload } from '../blob-store.ts';
import { type Digest, type DigestAlgorithm, digestAlgorithm, finishDigest } from '../digest.ts';
import { DigestMismatchError, UploadUnknownError } from '../errors.ts';
import { Exclusive } from '../exclusive.ts';
import type { Bucket, Part } from './bucket.ts';
import { copyObject } from './copy-object.ts';
import type { Layout } from './layout.ts';
import { decodeState, encodeState } from './upload-state.ts';

/** S3 has at most 10,000 parts: the first thousand are small, for memory's sake, later ones eight times as big. */
const SMALL_PARTS = 1000;
const GROWTH = 8;

/** How long an upload that nobody writes to keeps its tail in memory. */
const IDLE_MS = 60_000;

export interface S3UploadSetup {
  readonly id: string;
  readonly bucket: Bucket;
  readonly layout: Layout;
  readonly clock: Clock;
  readonly partBytes: number;
  readonly copyBytes: number;
  readonly onEnd: () => void;
}

/** Where an upload stands when it is made or found. */
export interface S3UploadStart {
  /** The algorithm of a new upload; undefined: another process may have written to it. */
  readonly algorithm?: DigestAlgorithm | undefined;
  readonly multipart?: string | undefined;
  readonly parts: readonly Part[];
  readonly tail: Uint8Array;
  /** Bytes of the object that its parts were made into already, by a commit that did not get further. */
  readonly completed?: number | undefined;
}

/** An upload in parts, of which only the last bytes are in memory. */
export class S3Upload implements Upload {
  readonly id: string;
  readonly #setup: S3UploadSetup;
  readonly #exclusive: Exclusive;
  readonly #found: boolean;
  #hashing: { readonly algorithm: DigestAlgorithm; readonly hash: Hash } | undefined;
  #multipart: string | undefined;
  #parts: Part[];
  /** undefined: it is in the state object only. */
  #tail: Uint8Array[] | undefined;
  #tailBytes: number;
  /** Whether the state object is behind. */
  #dirty = false;
  #completed: number | undefined;
  #ended = false;
  #cancelIdle: () => void = () => undefined;

  constructor(setup: S3UploadSetup, start: S3UploadStart) {
    this.id = setup.id;
    this.#setup = setup;
    this.#exclusive = new Exclusive(setup.id);
    this.#found = start.algorithm === undefined;
    this.#hashing = start.algorithm && { algorithm: start.algorithm, hash: createHash(start.algorithm) };
    this.#multipart = start.multipart;
    this.#parts = [...start.parts];
    this.#tail = [start.tail];
    this.#tailBytes = start.tail.length;
    this.#completed = start.completed;
    this.#armIdle();
  }

  get offset(): number {
    return this.#completed ?? this.#partsBytes() + this.#tailBytes;
  }

  append(body: AsyncIterable<Uint8Array>, options: AppendOptions = {}): Promise<number> {
    return this.#use(async () => {
      let whole = false;
      try {
        const write = (batch: Uint8Array[]): Promise<void> => this.#write(batch);
        await appendInBatches(body, this.offset, options, () => this.#partBytes(), write);
        whole = true;
      } finally {
        if (!whole || !options.last) await this.#save();
      }
      return this.offset;
    });
  }

  commit(digest: Digest): Promise<BlobInfo> {
    return this.#use(async () => {
      const algorithm = digestAlgorithm(digest);
      // a wrong digest that is known without reading spares the rest
      const known = this.#knownDigest(algorithm);
      if (known !== undefined && known !== digest) return this.#refuse(digest, known);
      const size = this.offset;
      if (this.#parts.length > 0) await this.#complete();
      const found = known ?? (await this.#digest(algorithm));
      if (found !== digest) return this.#refuse(digest, found);
      await this.#place(digest, size);
      return { digest, size, modified: this.#setup.clock.now() };
    });
  }

  cancel(): Promise<void> {
    return this.#use(() => this.#forget());
  }

  /** Keeps what is in memory only. */
  async close(): Promise<void> {
    this.#cancelIdle();
    if (!this.#ended) await this.#save();
  }

  #use<T>(task: () => Promise<T>): Promise<T> {
    return this.#exclusive.run(async () => {
      this.#cancelIdle();
      if (this.#ended) throw new UploadUnknownError(this.id);
      try {
        this.#tail ??= [await this.#loadTail()];
        return await task();
      } finally {
        if (!this.#ended) this.#armIdle();
      }
    });
  }

  #armIdle(): void {
    this.#cancelIdle = this.#setup.clock.schedule(() => {
      if (this.#exclusive.busy) return;
      // when it cannot be saved, it stays in memory
      const release = async (): Promise<void> => {
        await this.#save();
        this.#tail = undefined;
      };
      this.#exclusive.run(release).catch(() => undefined);
    }, IDLE_MS);
  }

  async #write(batch: Uint8Array[]): Promise<void> {
    if (this.#completed !== undefined) throw new UploadUnknownError(this.id);
    for (const bytes of batch) {
      this.#hashing?.hash.update(bytes);
      this.#tail?.push(bytes);
      this.#tailBytes += bytes.length;
    }
    this.#dirty = true;
    try {
      if (this.#tailBytes >= this.#partBytes()) await this.#sendTail();
    } finally {
      // the pieces are the caller's again
      this.#tail = [Buffer.concat(this.#tail ?? [])];
    }
  }

  /** When it fails, the bytes stay in the tail. */
  async #sendTail(): Promise<void> {
    const { bucket, layout } = this.#setup;
    const key = layout.data(this.id);
    this.#multipart ??= await bucket.createMultipart(key);
    const number = this.#parts.length + 1;
    this.#parts.push(await bucket.sendPart(key, this.#multipart, number, this.#tailBuffer()));
    this.#tail = [];
    this.#tailBytes = 0;
  }

  async #complete(): Promise<void> {
    if (this.#tailBytes > 0) await this.#sendTail();
    const { bucket, layout } = this.#setup;
    const size = this.#partsBytes();
    await bucket.completeMultipart(layout.data(this.id), this.#multipart ?? '', this.#parts);
    this.#completed = size;
    this.#parts = [];
  }

  #knownDigest(algorithm: DigestAlgorithm): Digest | undefined {
    if (this.#hashing?.algorithm !== algorithm) return undefined;
    // a copy: the commit may fail after this and be tried again
    return finishDigest(this.#hashing.hash.copy(), algorithm);
  }

  /** By reading all of it. */
  async #digest(algorithm: DigestAlgorithm): Promise<Digest> {
    const hash = createHash(algorithm);
    if (this.#completed === undefined) return finishDigest(hash.update(this.#tailBuffer()), algorithm);
    const stream = await this.#setup.bucket.get(this.#setup.layout.data(this.id));
    if (!stream) throw new UploadUnknownError(this.id);
    for await (const bytes of stream) hash.update(bytes as Uint8Array);
    return finishDigest(hash, algorithm);
  }

  async #refuse(expected: Digest, found: Digest): Promise<never> {
    await this.#forget();
    throw new DigestMismatchError(expected, found);
  }

  async #place(digest: Digest, size: number): Promise<void> {
    const { bucket, layout, copyBytes, partBytes } = this.#setup;
    const data = layout.data(this.id);
    const blob = layout.blob(digest);
    if (this.#completed === undefined) await bucket.put(blob, this.#tailBuffer());
    else await copyObject(bucket, data, blob, { size, copyBytes, partBytes });
    await this.#forget();
  }

  async #forget(): Promise<void> {
    const { bucket, layout, onEnd } = this.#setup;
    if (this.#multipart !== undefined || this.#found) {
      await bucket.abortMultiparts(layout.data(this.id));
      await bucket.delete(layout.data(this.id));
    }
    // last: until it is gone, the upload is listed, and what is left of it can be found
    await bucket.delete(layout.state(this.id));
    this.#ended = true;
    onEnd();
  }

  async #save(): Promise<void> {
    if (!this.#dirty) return;
    const state = { multipart: this.#multipart, parts: this.#parts.length, tail: this.#tailBuffer() };
    await this.#setup.bucket.put(this.#setup.layout.state(this.id), encodeState(state));
    this.#dirty = false;
  }

  async #loadTail(): Promise<Uint8Array> {
    const stream = await this.#setup.bucket.get(this.#setup.layout.state(this.id));
    if (!stream) throw new UploadUnknownError(this.id);
    return decodeState(await buffer(stream)).tail;
  }

  #tailBuffer(): Uint8Array {
    const [only, ...more] = this.#tail ?? [];
    const whole = only && more.length === 0 ? only : Buffer.concat(this.#tail ?? []);
    this.#tail = [whole];
    return whole;
  }

  #partsBytes(): number {
    return this.#parts.reduce((sum, { size }) => sum + size, 0);
  }

  #partBytes(): number {
    return this.#setup.partBytes * (this.#parts.length < SMALL_PARTS ? 1 : GROWTH);
  }
}
