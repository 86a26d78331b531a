import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Bytes that can be read from anywhere: a file, or memory. */
export interface ByteSource {
  readonly size: number;
  /** Fewer than `length` at the end. */
  read(at: number, length: number): Promise<Buffer>;
  stream(from: number, length: number): Readable;
  close(): Promise<void>;
}

/** Throws the file system's errors. */
export async function fileBytes(path: string): Promise<ByteSource> {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  return {
    size,
    read: (at, length) => readExactly(handle, at, length),
    stream: (from, length) => (length === 0 ? Readable.from([]) : fileStream(path, from, from + length - 1)),
    close: () => handle.close(),
  };
}

/** Larger than the usual 64 KiB: fewer turns for the same bytes. */
const CHUNK = 256 * 1024;

export const fileStream = (path: string, start: number, end?: number): Readable =>
  createReadStream(path, { start, ...(end === undefined ? {} : { end }), highWaterMark: CHUNK });

async function readExactly(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return bytes.subarray(0, read);
}

export function memoryBytes(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: (at, length) => Promise.resolve(bytes.subarray(at, at + length)),
    stream: (from, length) =>
      Readable.from(length === 0 ? [] : [bytes.subarray(from, from + length)], { objectMode: false }),
    close: () => Promise.resolve(),
  };
}
