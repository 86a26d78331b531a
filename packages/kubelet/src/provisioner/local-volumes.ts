import { execFile } from 'node:child_process';
import {
  access,
  chmod,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  symlink,
  truncate,
} from 'node:fs/promises';
import { promisify } from 'node:util';
import { SampanError } from '@sampan/base';
import { mountAt, mountDevice, removeTree, unmountAll } from '../volumes/mounts.ts';

const run = promisify(execFile);

/** ext4 with a journal needs about this. */
const LEAST_BYTES = 8 * 2 ** 20;

export type VolumeMode = 'Filesystem' | 'Block';

/**
 * Volumes of this node, FOLDER/NAME each: an image file of the volume's size with a file system of its own (`image`),
 * mounted at `data`, so that its capacity holds on any file system, without quotas. Images are sparse: a volume takes
 * what is in it. Where the machine has no loop devices or no mkfs.ext4, `data` is a plain folder and capacity is not
 * enforced. A block volume is an image alone, and `data` a link to its loop device.
 */
export class LocalVolumes {
  readonly #folder: string;
  #canMakeImages: Promise<boolean> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where the volume is once it is attached. */
  pathOf(name: string): string {
    return `${this.#folder}/${name}/data`;
  }

  /** May be called again. Throws `volume-no-space`, `volume-block-unsupported`. */
  async make(name: string, bytes: number, mode: VolumeMode): Promise<void> {
    const folder = `${this.#folder}/${name}`;
    if (await exists(folder)) return;
    const fresh = `${this.#folder}/.${name}`;
    await removeTree(fresh);
    await mkdir(fresh, { recursive: true, mode: 0o755 });
    this.#canMakeImages ??= canMakeImages();
    if (await this.#canMakeImages) await this.#makeImage(fresh, bytes, mode);
    else if (mode === 'Block') throw noLoopDevices();
    else await makeOpenFolder(`${fresh}/data`);
    // half-made ones are never taken for whole
    await rename(fresh, folder);
  }

  async #makeImage(folder: string, bytes: number, mode: VolumeMode): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize < bytes) {
      throw new SampanError('volume-no-space', `no space for ${bytes} bytes, ${bavail * bsize} are left`, {
        hint: `Make room on the file system of ${this.#folder}, or ask for less.`,
      });
    }
    const image = `${folder}/image`;
    await (await open(image, 'wx', 0o600)).close();
    await truncate(image, Math.max(bytes, LEAST_BYTES));
    if (mode === 'Block') return;
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', '-E', 'lazy_itable_init=1,lazy_journal_init=1', image]);
    await mkdir(`${folder}/data`, { mode: 0o755 });
    await mountImage(folder);
    try {
      // some programs take only an empty folder
      await rmdir(`${folder}/data/lost+found`);
      await chmod(`${folder}/data`, 0o777);
    } finally {
      await unmountAll(folder);
    }
  }

  /** Makes a volume usable; `path` may be of another kind of volume. May be called again. */
  async attach(path: string): Promise<void> {
    const folder = path.replace(/\/data$/, '');
    if (folder === path || !folder.startsWith(`${this.#folder}/`)) return;
    if (!(await exists(`${folder}/image`))) return;
    const isFolder = (await stat(`${folder}/data`).catch(() => undefined))?.isDirectory() ?? false;
    if (isFolder) {
      if (!(await mountAt(await realpath(`${folder}/data`)))) await mountImage(folder);
    } else {
      await attachDevice(folder);
    }
  }

  /** Makes it larger, also while it is used; never smaller. */
  async grow(name: string, bytes: number): Promise<void> {
    const folder = `${this.#folder}/${name}`;
    const image = `${folder}/image`;
    if (!(await exists(image))) return;
    await this.attach(`${folder}/data`);
    if ((await stat(image)).size < bytes) await truncate(image, bytes);
    const [device] = await devicesOf(image);
    if (device === undefined) throw new Error(`${image} has no loop device`);
    await run('losetup', ['--set-capacity', device]);
    if ((await stat(`${folder}/data`)).isDirectory()) await run('resize2fs', [device]);
  }

  /** With all its data. May be called twice. */
  async remove(name: string): Promise<void> {
    const folder = `${this.#folder}/${name}`;
    await unmountAll(folder);
    await detachDevices(`${folder}/image`);
    await removeTree(folder);
  }
}

/** Detaches all volumes in the folder; their data stays. */
export async function detachLocalVolumes(folder: string): Promise<void> {
  await unmountAll(folder);
  const { stdout } = await run('losetup', ['--list', '--noheadings', '--raw', '--output', 'NAME,BACK-FILE']);
  for (const line of stdout.split('\n')) {
    const [device = '', file = ''] = line.split(' ');
    if (file.startsWith(`${folder}/`)) await run('losetup', ['--detach', device]);
  }
}

async function makeOpenFolder(path: string): Promise<void> {
  await mkdir(path);
  await chmod(path, 0o777);
}

/** Freed blocks go back to the machine. The loop device goes with the mount. */
async function mountImage(folder: string): Promise<void> {
  await mountDevice(`${folder}/image`, `${folder}/data`, 'ext4', ['loop', 'discard']);
}

async function attachDevice(folder: string): Promise<void> {
  const [present] = await devicesOf(`${folder}/image`);
  const device = present ?? (await run('losetup', ['--find', '--show', `${folder}/image`])).stdout.trim();
  if ((await readlink(`${folder}/data`).catch(() => '')) === device) return;
  await rm(`${folder}/data`, { force: true });
  await symlink(device, `${folder}/data`);
}

async function detachDevices(image: string): Promise<void> {
  for (const device of await devicesOf(image)) await run('losetup', ['--detach', device]);
}

async function devicesOf(image: string): Promise<string[]> {
  const { stdout } = await run('losetup', ['--associated', image, '--noheadings', '--output', 'NAME']);
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

async function canMakeImages(): Promise<boolean> {
  const tries = [run('losetup', ['--find']), run('mkfs.ext4', ['-V']), access('/dev/loop-control')];
  return (await Promise.allSettled(tries)).every(({ status }) => status === 'fulfilled');
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const noLoopDevices = (): SampanError =>
  new SampanError('volume-block-unsupported', 'this machine has no loop devices for block volumes', {
    hint: 'Load the kernel module loop, or ask for a volume with a file system.',
  });
