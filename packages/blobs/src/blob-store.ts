import type { Readable } from 'node:stream';
import type { Digest, DigestAlgorithm } from './digest.ts';

export interface BlobInfo {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** When it was last committed, milliseconds since the epoch; a commit of the same blob again renews it. */
  readonly modified: number;
}

/** Bytes from `start` to `end`, both included, from 0. `end` undefined or beyond the blob: to its end. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number | undefined;
}

/** What `read` gives. The caller consumes the stream or destroys it. */
export interface BlobReading {
  /** Bytes of the whole blob. */
  readonly size: number;
  /** The bytes that the stream has: `end` included; of an empty blob 0 and -1. */
  readonly start: number;
  readonly end: number;
  readonly stream: Readable;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Goes on where this page ended, as `after`; undefined: it was the last. */
  readonly next: string | undefined;
}

export interface PageOptions {
  /** `next` of the page before; default: from the start. */
  readonly after?: string | undefined;
  /** Default and most: 1000. */
  readonly limit?: number | undefined;
}

export interface UploadInfo {
  readonly id: string;
  /** When it last grew, milliseconds since the epoch. */
  readonly modified: number;
}

export interface AppendOptions {
  /** Where the bytes begin; default: at the end. Another offset than `Upload.offset` throws `UploadOffsetError`. */
  readonly at?: number | undefined;
  /** Most bytes that the whole upload may have; default: no limit. Throws `BlobTooLargeError`. */
  readonly limit?: number | undefined;
  /** Commit follows at once: the driver need not keep the bytes over a restart until then. Default false. */
  readonly last?: boolean | undefined;
  /** Told of each piece of the body that is not needed any more, so that its memory can be had back at once. */
  readonly release?: ((piece: Uint8Array) => void) | undefined;
}

/**
 * One upload. Used by one request at a time: a second `append`, `commit` or `cancel` meanwhile throws
 * `UploadBusyError`. Needs no closing: what is open for it closes with commit, cancel, a minute of idleness or
 * the store.
 */
export interface Upload {
  /** 32 hexadecimal digits, random. */
  readonly id: string;
  /** Bytes so far. */
  readonly offset: number;
  /**
   * Adds bytes to the end, gives the new offset. When `body` or the storage fails, what was written before stays
   * (see `offset`) and the upload can go on. Bytes of an `append` that returned outlive a restart of the process.
   */
  append(body: AsyncIterable<Uint8Array>, options?: AppendOptions): Promise<number>;
  /**
   * Makes it a blob, durably, if the bytes have that digest; else throws `DigestMismatchError` and the upload is
   * gone. A blob that exists already is replaced by its equal.
   */
  commit(digest: Digest): Promise<BlobInfo>;
  /** Forgets it and its bytes. */
  cancel(): Promise<void>;
}

/**
 * Content-addressed blobs: bytes under the digest of them. A blob is there whole or not at all, also after a crash or
 * power loss. Who refers to a blob is not known here: whoever deletes one must know that nobody needs it.
 */
export interface BlobStore {
  stat(digest: Digest): Promise<BlobInfo | undefined>;
  /** Throws `BlobUnknownError`, or `BlobRangeError` when `range` begins behind the end. A blob that is deleted while
   * it is read is read to its end by the file-system driver; other drivers may fail. */
  read(digest: Digest, range?: ByteRange): Promise<BlobReading>;
  /** A URL where the client gets the blob itself; undefined: the driver cannot or may not. */
  redirect(digest: Digest, options: { readonly seconds: number }): Promise<string | undefined>;
  /** `algorithm`: the one that the commit is likely to use, hashed as bytes arrive (default sha256). */
  createUpload(options?: { readonly algorithm?: DigestAlgorithm | undefined }): Promise<Upload>;
  /** An upload that was begun, by this process or one before; throws `UploadUnknownError`. */
  openUpload(id: string): Promise<Upload>;
  /** Uploads that are neither committed nor cancelled, to cancel those that nobody goes on with. */
  listUploads(options?: PageOptions): Promise<Page<UploadInfo>>;
  /** Whether it was there. */
  delete(digest: Digest): Promise<boolean>;
  /** All blobs in order of digest. Blobs that come or go meanwhile may be in it or not. */
  list(options?: PageOptions): Promise<Page<BlobInfo>>;
  /** Ends what is open. Uploads can be gone on with by the next store. May be called twice. */
  close(): Promise<void>;
}
