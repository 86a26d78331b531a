import { chmod, rename, writeFile } from 'node:fs/promises';

/** Writes a file so that never a half of it is there, also after a power loss in between. */
export async function replaceFile(path: string, text: string, mode = 0o644): Promise<void> {
  await writeFile(`${path}.new`, text, { mode, flush: true });
  await chmod(`${path}.new`, mode);
  await rename(`${path}.new`, path);
}
