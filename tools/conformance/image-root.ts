import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImageSource } from './images.ts';
import { upstreamFolder } from './upstream.ts';

const SUITE = 'bookworm';
/** Documents and translations, and what only tools for packages read. */
const UNUSED = [
  'usr/share',
  'usr/lib/x86_64-linux-gnu/gconv',
  'var/cache',
  'var/lib/apt',
  'var/lib/dpkg',
  'boot',
  'dev',
];
const PATHS = ['bin', 'sbin', 'usr/bin', 'usr/sbin'];

const USERS = `root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false
`;
const GROUPS = 'root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n';

/** Fills `root`, an empty folder, with the files of an image. */
export function makeRoot(root: string, image: ImageSource): void {
  if (image.packages) extractPackages(root, image.packages);
  if (!image.bare) addTools(root);
  for (const [path, source] of Object.entries(image.copy ?? {}))
    copyFileSync(locate(source), target(root, path));
  for (const [path, text] of Object.entries(image.texts ?? {})) writeFileSync(target(root, path), text);
  for (const path of image.folders ?? []) mkdirSync(join(root, path), { recursive: true });
  for (const [path, to] of Object.entries(image.links ?? {})) link(target(root, path), to);
  if (image.setUserId !== undefined) chmodSync(join(root, image.setUserId), 0o6755);
}

/** Unpacks packages and what they depend on; nothing is configured, no script of theirs runs. */
function extractPackages(root: string, packages: readonly string[]): void {
  const args = ['--quiet', '--variant=extract', `--include=${packages.join(',')}`, SUITE, root, mirror()];
  run('mmdebstrap', args);
  for (const path of UNUSED) rmSync(join(root, path), { recursive: true, force: true });
}

function mirror(): string {
  const filter = ['--format', '$(REPO_URI)', 'Created-By: Packages', `Codename: ${SUITE}`];
  const [uri = ''] = run('apt-get', ['indextargets', ...filter]).split('\n');
  if (uri === '') throw new Error(`this machine knows no package mirror of Debian ${SUITE}`);
  return uri;
}

/** Busybox under all its names that no package took, and the files by which users and hosts are found. */
function addTools(root: string): void {
  for (const path of [...PATHS, 'etc', 'root', 'home', 'tmp'])
    mkdirSync(join(root, path), { recursive: true });
  copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'));
  for (const name of run('busybox', ['--list']).trim().split('\n')) {
    const taken = name !== 'sh' && PATHS.some((path) => isThere(join(root, path, name)));
    if (!taken && name !== 'busybox') link(join(root, 'bin', name), 'busybox');
  }
  writeFileSync(join(root, 'etc/passwd'), USERS);
  writeFileSync(join(root, 'etc/group'), GROUPS);
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
}

function locate(source: string): string {
  if (source.startsWith('/')) return source;
  const { programs, source: tree } = upstreamFolder();
  return source.startsWith('source:') ? join(tree, source.slice('source:'.length)) : join(programs, source);
}

function target(root: string, path: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  return file;
}

function link(file: string, to: string): void {
  rmSync(file, { force: true });
  symlinkSync(to, file);
}

function isThere(file: string): boolean {
  return existsSync(file) || lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
  return stdout;
}
