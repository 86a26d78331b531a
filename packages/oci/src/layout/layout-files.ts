import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type ByteSource, fileBytes } from './byte-source.ts';
import { indexTar } from './tar.ts';

/** Files of a layout, in a folder or in an archive. Names are relative, with slashes. */
export interface LayoutFiles {
  /** Bytes; undefined: there is no such file. */
  size(name: string): Promise<number | undefined>;
  read(name: string, at: number, length: number): Promise<Buffer>;
  stream(name: string, from: number, length: number): Promise<Readable>;
  close(): Promise<void>;
}

/** Names are those of the layout's format: with digests that were checked, and so nothing outside of the folder. */
export function folderFiles(folder: string): LayoutFiles {
  const use = async <T>(name: string, what: (bytes: ByteSource) => T | Promise<T>): Promise<T> => {
    const bytes = await fileBytes(join(folder, name));
    try {
      return await what(bytes);
    } finally {
      await bytes.close();
    }
  };
  return {
    async size(name) {
      const found = await stat(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
        throw error;
      });
      return found?.isFile() ? found.size : undefined;
    },
    read: (name, at, length) => use(name, (bytes) => bytes.read(at, length)),
    stream: (name, from, length) => use(name, (bytes) => bytes.stream(from, length)),
    close: () => Promise.resolve(),
  };
}

/** Closes the bytes when it is closed. Throws `oci-layout-invalid`. */
export async function archiveFiles(bytes: ByteSource): Promise<LayoutFiles> {
  const index = await indexTar(bytes);
  const file = (name: string) => {
    const found = index.get(name);
    if (found) return found;
    throw Object.assign(new Error(`the archive has no ${name}`), { code: 'ENOENT' });
  };
  return {
    size: (name) => Promise.resolve(index.get(name)?.size),
    read: async (name, at, length) => {
      const found = file(name);
      return await bytes.read(found.at + at, Math.min(length, found.size - at));
    },
    stream: async (name, from, length) => {
      const found = file(name);
      return bytes.stream(found.at + from, Math.min(length, found.size - from));
    },
    close: () => bytes.close(),
  };
}
