import { randomBytes } from 'node:crypto';
import {
  chmod,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { Payload } from './payload.ts';

const DATA = '..data';
const NEW_DATA = '..data_tmp';
const LONGEST_PATH = 4096;
const LONGEST_NAME = 255;

/**
 * Replaces the files of a folder by these at once: readers see all old or all new ones. The files are in a folder of
 * their own, `..data` is a link to it that is replaced, and what is visible are links into it (upstream
 * volume/util/atomic_writer.go). Nothing is written when nothing changes. `group`: all becomes readable by it.
 */
export async function writeAtomically(folder: string, payload: Payload, group?: number): Promise<void> {
  const files = new Map([...payload].map(([path, file]) => [checkedPath(path), file]));
  const present = await readlink(join(folder, DATA)).catch(ifMissing(undefined));
  if (present !== undefined && (await isSame(join(folder, present), files))) return;
  const fresh = `..${timestamp()}.${randomBytes(4).toString('hex')}`;
  await writeFiles(join(folder, fresh), files, group);
  const names = new Set([...files.keys()].map((path) => path.split('/')[0] ?? ''));
  for (const name of names) await linkOnce(join(DATA, name), join(folder, name));
  await rm(join(folder, NEW_DATA), { force: true });
  await symlink(fresh, join(folder, NEW_DATA));
  await rename(join(folder, NEW_DATA), join(folder, DATA));
  await removeOld(folder, fresh, names);
}

/** Throws for a path that could lead out of the folder. */
function checkedPath(path: string): string {
  const parts = path.split('/');
  const bad = (why: string) => new Error(`invalid path: ${why}: ${path}`);
  if (path === '') throw bad('must not be empty');
  if (path.startsWith('/')) throw bad('must be relative path');
  if (path.length > LONGEST_PATH) throw bad(`must be less than or equal to ${LONGEST_PATH} characters`);
  if (parts.includes('..')) throw bad("must not contain '..'");
  if (path.startsWith('..')) throw bad("must not start with '..'");
  if (parts.some((part) => part.length > LONGEST_NAME))
    throw bad(`filenames must be less than or equal to ${LONGEST_NAME} characters`);
  return normalize(path);
}

async function isSame(folder: string, files: Payload): Promise<boolean> {
  const present = await filesBelow(folder).catch(ifMissing(undefined));
  if (present?.length !== files.size) return false;
  for (const path of present) {
    const wanted = files.get(path);
    if (!wanted?.data.equals(await readFile(join(folder, path)))) return false;
  }
  return true;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

async function writeFiles(folder: string, files: Payload, group: number | undefined): Promise<void> {
  await makeFolder(folder, group);
  const made = new Set(['.']);
  for (const [path, { data, mode, uid = 0 }] of files) {
    await makeFolders(folder, dirname(path), made, group);
    const target = join(folder, path);
    await writeFile(target, data, { flag: 'wx' });
    if (uid !== 0 || group !== undefined) await lchown(target, uid, group ?? 0);
    // after the owner, whose change takes bits away
    await chmod(target, group === undefined ? mode : mode | 0o440);
  }
}

async function makeFolders(root: string, path: string, made: Set<string>, group?: number): Promise<void> {
  if (made.has(path)) return;
  await makeFolders(root, dirname(path), made, group);
  await makeFolder(join(root, path), group);
  made.add(path);
}

async function makeFolder(path: string, group: number | undefined): Promise<void> {
  await mkdir(path);
  if (group !== undefined) await lchown(path, 0, group);
  await chmod(path, group === undefined ? 0o755 : 0o2755);
}

async function linkOnce(target: string, path: string): Promise<void> {
  const there = await lstat(path).catch(ifMissing(undefined));
  if (!there) await symlink(target, path);
}

/** What is no longer visible, and folders of former versions, also those that a crash left. */
async function removeOld(folder: string, fresh: string, names: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    const old = name.startsWith('..') ? name !== DATA && name !== fresh : !names.has(name);
    // folders that are not versions are places to mount other volumes at
    const mine = entry.isSymbolicLink() || name.startsWith('..');
    if (old && mine) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-T:]/g, '_');
}

function ifMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code !== 'ENOENT') throw error;
    return value;
  };
}
