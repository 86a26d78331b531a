import { randomBytes } from 'node:crypto';
import { chmod, rename, rm, symlink, writeFile } from 'node:fs/promises';

/** Writes a file so that never a half of it is there, also after a power loss in between. May be called twice at once. */
export async function replaceFile(path: string, text: string, mode = 0o644): Promise<void> {
  const partial = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    await writeFile(partial, text, { mode, flush: true });
    await chmod(partial, mode);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** The same for a symbolic link. */
export async function replaceLink(path: string, target: string): Promise<void> {
  const partial = `${path}.${randomBytes(4).toString('hex')}.new`;
  await symlink(target, partial);
  await rename(partial, path);
}
