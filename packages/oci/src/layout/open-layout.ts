import { stat } from 'node:fs/promises';
import { messageOf } from '@sampan/base';
import { OciError } from '../errors.ts';
import { fileBytes, memoryBytes } from './byte-source.ts';
import { Layout } from './layout.ts';
import { archiveFiles, folderFiles } from './layout-files.ts';

/** Images in a folder or a tar archive. Throws `oci-layout-invalid`. */
export async function openLayout(path: string): Promise<Layout> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new OciError('oci-layout-invalid', `${path} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Give an OCI image layout, its archive, or what "docker save" writes.',
      cause,
    });
  });
  if (found.isDirectory()) return await Layout.open(folderFiles(path));
  const bytes = await fileBytes(path);
  try {
    return await Layout.open(await archiveFiles(bytes));
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

/** An archive that is in memory. Throws `oci-layout-invalid`. */
export async function openArchive(archive: Buffer): Promise<Layout> {
  return await Layout.open(await archiveFiles(memoryBytes(archive)));
}
