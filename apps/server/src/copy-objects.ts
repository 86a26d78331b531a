import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { HomeLayout } from '@sampan/home';
import type { Store } from '@sampan/store';

/**
 * Copies the host cluster's objects, as of one moment, into the home's folder of backups, for a backup of the whole
 * home: who asked for the copy takes it away. Returns its name there. Only this process can read the file itself.
 */
export async function copyObjects(
  home: HomeLayout,
  store: Pick<Store, 'backup'>,
): Promise<{ readonly file: string }> {
  const file = `host-${randomBytes(8).toString('hex')}.db`;
  mkdirSync(home.backups, { recursive: true, mode: 0o700 });
  await store.backup(join(home.backups, file));
  return { file };
}
