import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SampanError } from '@sampan/base';
import { HOME_FOLDERS, type HomeLayout, homeLayout } from '@sampan/home';
import { checkSums, unpack } from './archive.ts';
import { type BackupHead, CONTENT, FORMAT } from './content.ts';

/**
 * Makes a home of a backup, where none is; it is there when it is whole. Returns what the backup says of itself. Throws
 * `home-not-empty`, `backup-not-found`, `backup-invalid`, `archive-failed`.
 */
export async function readHomeBackup(file: string, { root }: HomeLayout): Promise<BackupHead> {
  if (!existsSync(file))
    throw new SampanError('backup-not-found', `There is no file ${file}.`, { hint: 'Name a backup.' });
  if (existsSync(root) && readdirSync(root).length > 0)
    throw new SampanError('home-not-empty', `There is something in ${root} already.`, {
      hint: 'Restore to another folder with --home, or delete what is there: sampan reset --confirm',
    });
  mkdirSync(dirname(root), { recursive: true });
  const folder = mkdtempSync(join(dirname(root), `.${basename(root)}-`));
  try {
    const content = join(folder, 'content');
    mkdirSync(content, { mode: 0o700 });
    await unpack(file, content);
    const head = readHead(content);
    const home = homeLayout(join(folder, 'home'));
    await layOut(content, home, head);
    // an empty folder gives way
    renameSync(home.root, root);
    return head;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readHead(content: string): BackupHead {
  const file = join(content, CONTENT.head);
  if (!existsSync(file) || !existsSync(join(content, CONTENT.host)))
    throw invalid('it is no backup of a home; that of a cluster is for "sampan cluster create --from"');
  const head = JSON.parse(readFileSync(file, 'utf8')) as BackupHead;
  if (!(head.format <= FORMAT)) throw invalid(`its format is ${head.format}, which a newer release wrote`);
  return head;
}

async function layOut(content: string, home: HomeLayout, { clusters }: BackupHead): Promise<void> {
  mkdirSync(home.root, { mode: 0o700 });
  for (const name of HOME_FOLDERS) mkdirSync(join(home.root, name), { mode: 0o700 });
  cpSync(join(content, CONTENT.home), home.root, { recursive: true });
  renameSync(join(content, CONTENT.host), home.hostDatabase);
  const registry = join(content, CONTENT.hub);
  if (existsSync(registry)) {
    rmdirSync(home.hub.root);
    renameSync(registry, home.hub.root);
  }
  for (const name of clusters) {
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) throw invalid(`${name} cannot name a cluster`);
    await layOutGuest(join(content, CONTENT.guests), join(home.clusters, name), name);
  }
}

/** As the cluster's folder is, with its objects in the file that a new cluster has. */
async function layOutGuest(guests: string, folder: string, name: string): Promise<void> {
  mkdirSync(folder, { mode: 0o700 });
  await unpack(join(guests, `${name}.tar`), folder);
  await checkSums(folder);
  const { content } = JSON.parse(readFileSync(join(folder, 'backup.json'), 'utf8')) as { content: object };
  const record = JSON.parse(readFileSync(join(guests, `${name}.json`), 'utf8')) as Record<string, unknown>;
  const { database: _database, before: _before, ...rest } = record;
  // the host's objects were copied later, and may tell other settings
  const restored = { ...rest, ...content, isRestored: true };
  writeFileSync(join(folder, 'record.json'), `${JSON.stringify(restored)}\n`, { mode: 0o600 });
  for (const file of ['backup.json', 'SHA256SUMS']) rmSync(join(folder, file));
}

const invalid = (why: string): SampanError =>
  new SampanError('backup-invalid', `The backup cannot be used: ${why}.`, { hint: 'Name another one.' });
