import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export const COMPRESSED = '.gz';
export const UNFINISHED = '.tmp';

/** The names of a log's files from the oldest on: rotated ones end with the time, the present one has no ending. */
export async function logFileNames(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return orderedLogNames(names, basename(path));
}

/** Pure. One that is being compressed is named once, as it was. */
export function orderedLogNames(names: readonly string[], current: string): string[] {
  const known = new Set(names);
  const rotated = names
    .filter((name) => name.startsWith(`${current}.`) && !name.endsWith(UNFINISHED))
    .filter((name) => !name.endsWith(COMPRESSED) || !known.has(name.slice(0, -COMPRESSED.length)));
  return [...rotated.sort(), ...(known.has(current) ? [current] : [])];
}

const CHUNK_BYTES = 64 * 1024;

/** One file of a log, open: it can be read to its end whatever becomes of its name. */
export class LogFile {
  readonly name: string;
  readonly inode: number;
  readonly #handle: FileHandle;
  #at = 0;

  private constructor(name: string, inode: number, handle: FileHandle) {
    this.name = name;
    this.inode = inode;
    this.#handle = handle;
  }

  /** undefined: it is gone. */
  static async open(folder: string, name: string): Promise<LogFile | undefined> {
    try {
      const handle = await open(`${folder}/${name}`);
      return new LogFile(name, (await handle.stat()).ino, handle);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  get compressed(): boolean {
    return this.name.endsWith(COMPRESSED);
  }

  size(): Promise<number> {
    return this.#handle.stat().then(({ size }) => size);
  }

  /** Of one that is not compressed: where reading begins. */
  startAt(offset: number): void {
    this.#at = offset;
  }

  /** What there is from where the last reading ended. */
  async *read(): AsyncGenerator<Buffer> {
    if (this.compressed) {
      yield* this.#unpack();
      return;
    }
    for await (const chunk of this.#from(this.#at)) {
      this.#at += chunk.length;
      yield chunk;
    }
  }

  async readAt(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.#handle.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async *#from(start: number): AsyncGenerator<Buffer> {
    let at = start;
    for (;;) {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await this.#handle.read(buffer, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async *#unpack(): AsyncGenerator<Buffer> {
    const source = Readable.from(this.#from(0), { objectMode: false });
    const unpacked = source.pipe(createGunzip());
    source.on('error', (error) => unpacked.destroy(error));
    try {
      for await (const chunk of unpacked) yield chunk as Buffer;
    } finally {
      source.destroy();
      unpacked.destroy();
    }
  }
}
