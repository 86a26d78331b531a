import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListParts,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { s3Error, s3Missing } from './s3-error.ts';

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  readonly modified: number;
}

/** A part that was sent: what completing the object needs. */
export interface Part {
  readonly number: number;
  readonly tag: string;
  readonly size: number;
}

/** The few calls of S3 that blobs need, on one bucket, with `SampanError`s. */
export class Bucket {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    return this.#found('HeadObject', async () => {
      const found = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      return { key, size: found.ContentLength ?? 0, modified: found.LastModified?.getTime() ?? 0 };
    });
  }

  /** `range`: of bytes, both ends included. undefined: there is no such object. */
  get(key: string, range?: { start: number; end: number }): Promise<Readable | undefined> {
    return this.#found('GetObject', async () => {
      const Range = range && `bytes=${range.start}-${range.end}`;
      const { Body } = await this.#client.send(new GetObjectCommand({ ...this.#at(key), Range }));
      if (!(Body instanceof Readable)) throw new Error('the answer has no body');
      return Body;
    });
  }

  sign(key: string, seconds: number): Promise<string> {
    return this.#do('GetObject', () =>
      getSignedUrl(this.#client, new GetObjectCommand(this.#at(key)), { expiresIn: seconds }),
    );
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#do('PutObject', () =>
      this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: bytes, ContentLength: bytes.length })),
    );
  }

  /** Of an object up to 5 GB. */
  async copy(from: string, to: string): Promise<void> {
    await this.#do('CopyObject', () =>
      this.#client.send(new CopyObjectCommand({ ...this.#at(to), CopySource: this.#source(from) })),
    );
  }

  /** Also when it is not there. */
  async delete(key: string): Promise<void> {
    await this.#do('DeleteObject', () => this.#client.send(new DeleteObjectCommand(this.#at(key))));
  }

  /** Objects in order of their keys, behind `after`; `more`: there are others behind them. */
  list(prefix: string, after: string, limit: number): Promise<{ objects: ObjectInfo[]; more: boolean }> {
    return this.#do('ListObjectsV2', async () => {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          MaxKeys: limit,
          ...(after === '' ? {} : { StartAfter: after }),
        }),
      );
      const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({
        key: Key,
        size: Size,
        modified: LastModified?.getTime() ?? 0,
      }));
      return { objects, more: page.IsTruncated ?? false };
    });
  }

  createMultipart(key: string): Promise<string> {
    return this.#do('CreateMultipartUpload', async () => {
      const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand(this.#at(key)));
      if (UploadId === undefined) throw new Error('the answer has no UploadId');
      return UploadId;
    });
  }

  sendPart(key: string, multipart: string, number: number, bytes: Uint8Array): Promise<Part> {
    return this.#do('UploadPart', async () => {
      const part = { ...this.#at(key), UploadId: multipart, PartNumber: number };
      const sent = await this.#client.send(
        new UploadPartCommand({ ...part, Body: bytes, ContentLength: bytes.length }),
      );
      return { number, tag: sent.ETag ?? '', size: bytes.length };
    });
  }

  copyPart(
    from: string,
    to: string,
    multipart: string,
    number: number,
    range: { start: number; end: number },
  ): Promise<Part> {
    return this.#do('UploadPartCopy', async () => {
      const sent = await this.#client.send(
        new UploadPartCopyCommand({
          ...this.#at(to),
          UploadId: multipart,
          PartNumber: number,
          CopySource: this.#source(from),
          CopySourceRange: `bytes=${range.start}-${range.end}`,
        }),
      );
      return { number, tag: sent.CopyPartResult?.ETag ?? '', size: range.end - range.start + 1 };
    });
  }

  /** All parts that were sent, page by page; undefined: the upload was completed or aborted. */
  parts(key: string, multipart: string): Promise<Part[] | undefined> {
    return this.#found('ListParts', async () => {
      const parts = new Map<number, Part>();
      const input = { ...this.#at(key), UploadId: multipart };
      for await (const page of paginateListParts({ client: this.#client }, input)) {
        const before = parts.size;
        for (const { PartNumber = 0, ETag = '', Size = 0 } of page.Parts ?? []) {
          parts.set(PartNumber, { number: PartNumber, tag: ETag, size: Size });
        }
        // Ceph's dbstore says of every page that there are more
        if (parts.size === before) break;
      }
      return [...parts.values()].sort((a, b) => a.number - b.number);
    });
  }

  async completeMultipart(key: string, multipart: string, parts: readonly Part[]): Promise<void> {
    const Parts = parts.map(({ number, tag }) => ({ PartNumber: number, ETag: tag }));
    await this.#do('CompleteMultipartUpload', () =>
      this.#client.send(
        new CompleteMultipartUploadCommand({
          ...this.#at(key),
          UploadId: multipart,
          MultipartUpload: { Parts },
        }),
      ),
    );
  }

  /** Aborts all multipart uploads of one object, also those whose beginning nobody remembers. */
  async abortMultiparts(key: string): Promise<void> {
    const found = await this.#do('ListMultipartUploads', () =>
      this.#client.send(new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: key })),
    );
    for (const { Key, UploadId } of found.Uploads ?? []) {
      if (Key !== key || UploadId === undefined) continue;
      await this.abortMultipart(key, UploadId);
    }
  }

  /** Also when it was completed or aborted already. */
  async abortMultipart(key: string, multipart: string): Promise<void> {
    await this.#found('AbortMultipartUpload', () =>
      this.#client.send(new AbortMultipartUploadCommand({ ...this.#at(key), UploadId: multipart })),
    );
  }

  close(): void {
    this.#client.destroy();
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: key };
  }

  #source(key: string): string {
    return `${this.#bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  }

  async #do<T>(call: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      throw s3Error(call, error);
    }
  }

  /** undefined: S3 says that what was asked for is not there. */
  async #found<T>(call: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task();
    } catch (error) {
      if (s3Missing(error)) return undefined;
      throw s3Error(call, error);
    }
  }
}
