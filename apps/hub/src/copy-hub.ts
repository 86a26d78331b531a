import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { allEnded } from '@sampan/base';
import { type Digest, linkBlob } from '@sampan/blobs';
import type { HomeLayout } from '@sampan/home';
import type { Hub } from '@sampan/hub';

/** No cluster's name, whose backups are beside it. */
const PREFIX = '.hub-';
const COPY = /^\.hub-[0-9a-f]{16}$/;
/** Whoever asked for a copy so long ago has ended without taking it away; its links keep blobs from giving space. */
const LEFT_MS = 24 * 3600_000;

/** Of a copy in several steps each write of somebody else makes it begin anew, and pushes write all the time. */
const ALL_PAGES = 2 ** 31 - 1;

/** Linked before something else gets its turn. */
const AT_ONCE = 256;

interface CopyOptions {
  readonly home: HomeLayout;
  /** Whether blobs are in the home; those in a bucket are not copied. */
  readonly withBlobs: boolean;
}

/**
 * Copies the registry, as of one moment, into the home's folder of backups, while it serves: its database and key, and
 * links to the blobs that are in that. Who asked for it takes it away. Returns the name of the folder there, in which it
 * is as `hub`.
 */
export async function copyHub(hub: Hub, options: CopyOptions): Promise<{ readonly folder: string }> {
  const { home } = options;
  const folder = `${PREFIX}${randomBytes(8).toString('hex')}`;
  const target = join(home.backups, folder, 'hub');
  await mkdir(target, { recursive: true, mode: 0o700 });
  try {
    await hub.withoutCollecting(() => copyTo(options, target));
    return { folder };
  } catch (error) {
    await rm(join(home.backups, folder), { recursive: true, force: true });
    throw error;
  }
}

/** Removes copies that nobody took away. */
export async function removeLeftCopies({ backups }: HomeLayout, now: number): Promise<void> {
  const names = (await readdir(backups)).filter((name) => COPY.test(name));
  for (const name of names) {
    const path = join(backups, name);
    const { mtimeMs } = await stat(path);
    if (now - mtimeMs > LEFT_MS) await rm(path, { recursive: true, force: true });
  }
}

async function copyTo({ home: { hub }, withBlobs }: CopyOptions, target: string): Promise<void> {
  const database = join(target, 'hub.db');
  const source = new DatabaseSync(hub.database, { readOnly: true });
  try {
    await backup(source, database, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
  await copyFile(hub.tokenKey, join(target, 'token-key.json'));
  await mkdir(join(target, 'blobs'), { mode: 0o700 });
  if (!withBlobs) return;
  for (const digests of digestsOf(database))
    await allEnded(digests.map((digest) => linkBlob(hub.blobs, join(target, 'blobs'), digest)));
}

/** All blobs that a copied database names: their bytes were there before it was copied. */
function* digestsOf(file: string): Generator<Digest[]> {
  // not read-only: then its log would stay beside it
  const database = new DatabaseSync(file);
  try {
    const select = database.prepare('SELECT digest FROM blobs WHERE digest > ? ORDER BY digest LIMIT ?');
    for (let last = ''; ; ) {
      const digests = select.all(last, AT_ONCE).map((row) => String(row.digest) as Digest);
      if (digests.length === 0) return;
      yield digests;
      last = digests.at(-1) ?? '';
    }
  } finally {
    database.close();
  }
}
