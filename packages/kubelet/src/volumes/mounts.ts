import { execFile } from 'node:child_process';
import { lstat, readFile, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface MountEntry {
  /** The folder or file that it covers. */
  readonly point: string;
  readonly type: string;
  /** Mounts below it reach other mount namespaces, and the other way. */
  readonly isShared: boolean;
}

/** What is mounted in this process's mount namespace, in order (proc_pid_mountinfo(5)). */
export async function mountTable(): Promise<MountEntry[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [left = '', right = ''] = line.split(' - ');
      const fields = left.split(' ');
      const isShared = fields.slice(6).some((field) => field.startsWith('shared:'));
      return { point: plain(fields[4] ?? ''), type: right.split(' ')[0] ?? '', isShared };
    });
}

/** Blanks and the like are written as three octal digits. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** The last mount that covers this path itself. */
export async function mountAt(path: string): Promise<MountEntry | undefined> {
  const real = await realPlace(path);
  return (await mountTable()).findLast(({ point }) => point === real);
}

/**
 * Lets mounts made below a folder in one container be seen in others, on machines whose file systems do not (systemd
 * has them do). May be called again.
 */
export async function share(folder: string): Promise<void> {
  const real = await realpath(folder);
  const covering = (await mountTable()).filter(
    ({ point }) => real === point || real.startsWith(`${point}/`.replace('//', '/')),
  );
  const last = covering.reduce((a, b) => (b.point.length >= a.point.length ? b : a));
  if (last.isShared) return;
  if (last.point !== real) await run('mount', ['--bind', real, real]);
  await run('mount', ['--make-shared', real]);
}

/** A path as the table has it: without links on the way. A last part that is one is left alone. */
export async function realPlace(path: string): Promise<string> {
  const parent = await realpath(dirname(path)).catch(() => dirname(path));
  return join(parent, basename(path));
}

/** A memory file system that is never swapped out where the kernel can do that (6.4 and later). */
export async function mountTmpfs(path: string, options: readonly string[]): Promise<void> {
  const mount = (...all: string[]) =>
    run('mount', ['-t', 'tmpfs', '-o', ['nosuid', 'nodev', ...all].join(','), 'tmpfs', path]);
  try {
    await mount(...options, 'noswap');
  } catch {
    await mount(...options);
  }
}

/** Binds what a descriptor of this process stands for, whatever its path leads to by now. */
export async function bindDescriptor(fd: number, target: string): Promise<void> {
  const source = `/proc/${process.pid}/fd/${fd}`;
  await run('mount', ['--no-canonicalize', '--bind', source, target]);
}

export async function mountDevice(device: string, path: string, type: string, options: readonly string[]) {
  const flags = options.length === 0 ? [] : ['-o', options.join(',')];
  await run('mount', ['-t', type, ...flags, device, path]);
}

/** Also one that is in use: it is out of sight at once. */
export async function unmount(path: string): Promise<void> {
  try {
    await run('umount', [path]);
  } catch {
    await run('umount', ['--lazy', path]);
  }
}

const within = (folder: string, { point }: MountEntry): boolean =>
  point === folder || point.startsWith(`${folder}/`);

/** Unmounts all at and below a folder, the latest first. Throws when something stays. */
export async function unmountAll(folder: string): Promise<void> {
  const real = await realPlace(folder);
  const mounts = (await mountTable()).filter((each) => within(real, each));
  if (mounts.length === 0) return;
  for (const { point } of mounts.reverse()) await unmount(point);
  const left = (await mountTable()).find((mount) => within(real, mount));
  if (left) throw new Error(`${left.point} cannot be unmounted`);
}

/** Removes a folder and all in it, and nothing that is mounted there. May be called twice. */
export async function removeTree(folder: string): Promise<void> {
  const found = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (!found) return;
  await unmountAll(folder);
  await rm(folder, { recursive: true, force: true });
}
