import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, SampanError } from '@sampan/base';
import { CLUSTERS, type Cluster } from '@sampan/clusters';
import { isMissing, readRunState } from '@sampan/home';
import type { Client } from '@sampan/machinery';
import manifest from '../../package.json' with { type: 'json' };
import { applyChange, conditionOf, getCluster, now, withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { adminAccess } from '../endpoint.ts';
import { progress } from '../progress.ts';
import { postJson } from '../request.ts';
import { pack } from './archive.ts';
import { type BackupHead, CONTENT, COPIED, COPIED_OF_ROOT, FORMAT } from './content.ts';

export interface WrittenBackup {
  readonly clusters: readonly string[];
  /** Clusters that are not in it, and why. */
  readonly failures: readonly string[];
}

/**
 * Writes a backup of a home that serves; the file has its name only when it is whole. Throws `backup-failed`,
 * `file-exists`, `not-running`.
 */
export async function writeHomeBackup(invocation: Invocation, file: string): Promise<WrittenBackup> {
  const path = resolve(file);
  if (existsSync(path))
    throw new SampanError('file-exists', `${file} exists already.`, { hint: 'Name another file.' });
  const folder = mkdtempSync(join(dirname(path), `.${basename(path)}-`));
  try {
    const content = join(folder, 'content');
    mkdirSync(join(content, CONTENT.guests), { recursive: true, mode: 0o700 });
    const written = await withHost(invocation, (client) => copyClusters(invocation, client, content));
    copyFiles(invocation, content);
    const head: BackupHead = {
      format: FORMAT,
      release: manifest.version,
      createdAt: new Date().toISOString(),
      clusters: written.clusters,
    };
    writeFileSync(join(content, CONTENT.head), `${JSON.stringify(head, null, 2)}\n`);
    const registry = await copyHub(invocation);
    const archive = join(folder, 'archive');
    writeFileSync(archive, '', { mode: 0o600, flag: 'wx' });
    progress('Writing the backup');
    try {
      await pack([content, ...registry], archive);
    } finally {
      for (const copy of registry) rmSync(copy, { recursive: true, force: true });
    }
    renameSync(archive, path);
    return written;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rounds that meet other clusters afterwards than before. */
const ROUNDS = 5;

/** Of clusters that come meanwhile, too: the host's objects must not name any that is not there. */
async function copyClusters(invocation: Invocation, client: Client, content: string): Promise<WrittenBackup> {
  const failures = new Map<string, string>();
  const done = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const before = await present(client);
    for (const [uid, name] of before) {
      if (done.has(uid)) continue;
      done.add(uid);
      progress(`Backing up the cluster ${name}`);
      const problem = await copyGuest(invocation, client, name, content);
      if (problem !== undefined) failures.set(name, problem);
      else failures.delete(name);
    }
    await copyHost(invocation, content);
    const after = await present(client);
    if (after.size === before.size && [...after.keys()].every((uid) => before.has(uid))) {
      const names = [...after.values()];
      return {
        clusters: names.filter((name) => !failures.has(name)),
        failures: names.flatMap((name) =>
          failures.has(name) ? [`${name}: ${failures.get(name)?.replace(/\.$/, '')}`] : [],
        ),
      };
    }
  }
  throw failed('clusters are made and deleted all the time');
}

/** Names by uid. */
async function present(client: Client): Promise<ReadonlyMap<string, string>> {
  const { items } = await client.list<Cluster>(CLUSTERS, { metadataOnly: true });
  return new Map(items.map(({ metadata: { uid = '', name = '' } }) => [uid, name]));
}

/** Undefined: it is there; else why not. */
async function copyGuest(
  invocation: Invocation,
  client: Client,
  name: string,
  content: string,
): Promise<string | undefined> {
  const { home, options } = invocation;
  const requestedAt = now();
  try {
    const { status } = await getCluster(client, name);
    if (status?.phase === 'Failed') return conditionOf({ status }, 'Ready')?.message ?? 'it has failed';
    const cluster = await applyChange({ ...invocation, options: { wait: options.wait } }, client, name, {
      patch: { backup: { requestedAt } },
      done: 'backup',
      condition: 'BackedUp',
      word: '',
    });
    const file = cluster.status?.backup?.file;
    if (file === undefined) return 'its status names no backup';
    cpSync(join(home.backups, file), join(content, CONTENT.guests, `${name}.tar`));
    cpSync(join(home.clusters, name, 'record.json'), join(content, CONTENT.guests, `${name}.json`));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function copyHost({ home, port }: Invocation, content: string): Promise<void> {
  const access = adminAccess(home, readRunState(home), port);
  const answer = await postJson(access, '/sampan/backup');
  const { file } = (answer?.body ?? {}) as { readonly file?: unknown };
  if (answer?.status !== 200 || typeof file !== 'string' || basename(file) !== file)
    throw failed(`the server could not copy its objects (status ${answer?.status ?? 'none'})`);
  const copy = join(home.backups, file);
  try {
    const target = join(content, CONTENT.host);
    rmSync(target, { force: true });
    cpSync(copy, target);
  } finally {
    rmSync(copy, { force: true });
  }
}

/** Folders to pack as well, and to remove afterwards. */
async function copyHub({ home, port, options }: Invocation): Promise<string[]> {
  if (options['no-images'] === true) return [];
  const running = readRunState(home);
  if (running?.hubPort === undefined) {
    if (!existsSync(home.hub.database)) return [];
    throw new SampanError('backup-failed', 'The home cannot be backed up: its registry does not run.', {
      hint: 'Start it (sampan down, then sampan up), or leave its images out: sampan backup --no-images FILE',
    });
  }
  progress('Copying the registry');
  const answer = await postJson(adminAccess(home, running, port), '/sampan/backup/hub');
  const { folder } = (answer?.body ?? {}) as { readonly folder?: unknown };
  if (answer?.status !== 200 || typeof folder !== 'string' || basename(folder) !== folder)
    throw failed(`the registry could not be copied (status ${answer?.status ?? 'none'})`);
  return [join(home.backups, folder)];
}

function copyFiles({ home }: Invocation, content: string): void {
  const names = [...COPIED, ...(process.getuid?.() === 0 ? COPIED_OF_ROOT : [])];
  for (const name of names) {
    try {
      // what is being written is there in its old form, and may be gone in a moment
      const filter = (path: string): boolean => !path.endsWith('.partial');
      cpSync(join(home.root, name), join(content, CONTENT.home, name), { recursive: true, filter });
    } catch (error) {
      // not all homes have all of it
      if (!isMissing(error)) throw error;
    }
  }
}

const failed = (why: string): SampanError =>
  new SampanError('backup-failed', `The home cannot be backed up: ${why}.`, { hint: 'See: sampan logs' });
