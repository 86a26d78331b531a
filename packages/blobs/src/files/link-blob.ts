import { constants } from 'node:fs';
import { copyFile, link, mkdir } from 'node:fs/promises';
import type { Digest } from '../digest.ts';
import { BlobUnknownError } from '../errors.ts';
import { diskError, systemCode } from './disk.ts';
import { blobFile, blobFolder } from './layout.ts';

/**
 * Puts a blob of one folder of blobs into another one, where none is yet, without moving a byte where both are of one
 * file system: blobs never change. Not durable. Throws `BlobUnknownError`, `BlobSpaceError`, `BlobStorageError`.
 */
export async function linkBlob(from: string, to: string, digest: Digest): Promise<void> {
  const source = blobFile(from, digest);
  const target = blobFile(to, digest);
  try {
    await mkdir(blobFolder(to, digest), { recursive: true, mode: 0o700 });
    await link(source, target).catch((thrown: unknown) => {
      if (!OTHER_PLACE.has(systemCode(thrown))) throw thrown;
      return copyFile(source, target, constants.COPYFILE_EXCL);
    });
  } catch (thrown) {
    throw systemCode(thrown) === 'ENOENT' ? new BlobUnknownError(digest) : diskError('link a blob', thrown);
  }
}

/** Another file system, or one without links. */
const OTHER_PLACE: ReadonlySet<string | undefined> = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP']);
