import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { KEYS_FILE } from '../guest-keys.ts';
import { GUEST_FORMAT, type GuestContent, tooNew } from '../guest-record.ts';
import { invalid, readTar, writeTar } from './tar-file.ts';

/** Of the archive: a newer one is refused. */
const BACKUP_FORMAT = 1;
const HEAD = 'backup.json';
const DATABASE = 'cluster.db';

/** What a backup says of itself. */
interface BackupHead {
  readonly format: number;
  readonly cluster: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Of its objects. */
  readonly content: { readonly format: number; readonly release?: string };
}

/** What came out of a backup. */
export interface BackupContent {
  /** The cluster that it was made of. */
  readonly cluster: string;
  readonly content: Omit<GuestContent, 'database'>;
  /** As `keys.json`. */
  readonly keys: string;
}

export interface BackupSource {
  readonly cluster: string;
  /** Of the cluster, with its keys. */
  readonly folder: string;
  readonly content: GuestContent;
  /** Copies its objects, as of one moment, to a new file. */
  copy(file: string): Promise<void>;
}

/** Writes a cluster to a new archive, which has its name only when it is whole and on disk. Resolves with its size. */
export async function writeBackup(archive: string, source: BackupSource): Promise<number> {
  const database = `${archive}.db`;
  const partial = `${archive}.partial`;
  const clear = () => {
    for (const suffix of ['', '-wal', '-journal', '.partial']) rmSync(database + suffix, { force: true });
    rmSync(partial, { force: true });
  };
  clear();
  try {
    await source.copy(database);
    const { format, release } = source.content;
    const head: BackupHead = {
      format: BACKUP_FORMAT,
      cluster: source.cluster,
      createdAt: new Date().toISOString(),
      content: { format, ...(release === undefined ? {} : { release }) },
    };
    const size = await writeTar(partial, [
      [HEAD, { text: `${JSON.stringify(head, null, 2)}\n` }],
      [KEYS_FILE, { text: readFileSync(join(source.folder, KEYS_FILE), 'utf8') }],
      [DATABASE, { file: database }],
    ]);
    renameSync(partial, archive);
    return size;
  } finally {
    clear();
  }
}

/** Reads an archive, its objects to a new file. Throws `guest-backup-missing`, `-invalid`, `guest-too-new`. */
export async function readBackup(archive: string, database: string): Promise<BackupContent> {
  try {
    const texts = await readTar(archive, { [DATABASE]: database });
    const [head, keys] = [texts.get(HEAD), texts.get(KEYS_FILE)];
    if (head === undefined || keys === undefined) throw invalid(archive, 'it is the backup of no cluster');
    const { format, cluster, content } = JSON.parse(head) as BackupHead;
    if (!(format <= BACKUP_FORMAT)) throw tooNew(`the format of ${archive} is ${format}`);
    if (!(content.format <= GUEST_FORMAT))
      throw tooNew(`the format of what is in ${archive} is ${content.format}`);
    return { cluster, content, keys };
  } catch (error) {
    rmSync(database, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR')
      throw new SampanError('guest-backup-missing', `There is no backup ${archive}.`, {
        hint: 'Backups are named by their place below the folder “backups” of the home.',
      });
    throw error;
  }
}
