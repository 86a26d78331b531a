import { execFile } from 'node:child_process';
import {
  access,
  chmod,
  mkdir,
  open,
  readlink,
  realpath,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
} from 'node:fs/promises';
import { promisify } from 'node:util';
import { mountDevice, unmountAll } from '../volumes/mounts.ts';

const run = promisify(execFile);

/** ext4 with a journal needs about this. */
const LEAST_BYTES = 8 * 2 ** 20;

/**
 * An image file as a volume: FOLDER/image, seen at FOLDER/data, which is where its file system is mounted, or a link to
 * its loop device. Sparse: it takes what is in it, and gives back what is deleted.
 */
export class VolumeImage {
  readonly #folder: string;
  readonly #file: string;
  readonly #data: string;
  /** There while the file system is smaller than the image. */
  readonly #mark: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#file = `${folder}/image`;
    this.#data = `${folder}/data`;
    this.#mark = `${folder}/grow`;
  }

  exists(): Promise<boolean> {
    return exists(this.#file);
  }

  /** The folder is there and empty. */
  async make(bytes: number, isDevice: boolean): Promise<void> {
    await (await open(this.#file, 'wx', 0o600)).close();
    await truncate(this.#file, Math.max(bytes, LEAST_BYTES));
    if (isDevice) return;
    await run('mkfs.ext4', [
      '-q',
      '-F',
      '-m',
      '0',
      '-E',
      'lazy_itable_init=1,lazy_journal_init=1',
      this.#file,
    ]);
    await mkdir(this.#data, { mode: 0o755 });
    await this.#mount();
    try {
      // some programs take only an empty folder
      await rmdir(`${this.#data}/lost+found`);
      await chmod(this.#data, 0o777);
    } finally {
      await unmountAll(this.#folder);
    }
  }

  /** Nothing uses it yet. Returns whether its file system has grown. */
  async attach(): Promise<boolean> {
    if (!(await this.#hasFiles())) {
      await this.#attachDevice();
      return false;
    }
    const grown = await this.#finishGrowth();
    await this.#mount();
    return grown;
  }

  /** Returns whether its file system has grown. Throws when it is in use. */
  async detach(): Promise<boolean> {
    if (await this.#hasFiles()) {
      await run('umount', [this.#data]);
      return this.#finishGrowth();
    }
    for (const device of await this.#devices()) await run('losetup', ['--detach', device]);
    return false;
  }

  /**
   * Makes it larger, never smaller. False: the file system grows when nothing uses the volume any more, as growing one
   * that is mounted takes CAP_SYS_RESOURCE, which not every machine gives. May be called again.
   */
  async grow(bytes: number): Promise<boolean> {
    if ((await stat(this.#file)).size < bytes) {
      await open(this.#mark, 'a').then((file) => file.close());
      await truncate(this.#file, bytes);
    }
    const devices = await this.#devices();
    for (const device of devices) await run('losetup', ['--set-capacity', device]);
    if (!(await exists(this.#mark))) return true;
    if (!(await this.#hasFiles())) {
      await rm(this.#mark, { force: true });
      return true;
    }
    const [device] = devices;
    if (device === undefined) await this.#growUnused();
    else if (!(await growMounted(device))) return false;
    await rm(this.#mark, { force: true });
    return true;
  }

  async #finishGrowth(): Promise<boolean> {
    // one that is still mounted somewhere must not be touched
    if (!(await exists(this.#mark)) || (await this.#devices()).length > 0) return false;
    await this.#growUnused();
    return true;
  }

  async #growUnused(): Promise<void> {
    await run('e2fsck', ['-f', '-p', this.#file]).catch((error: { code?: unknown }) => {
      // 1: something was corrected
      if (error.code !== 1) throw error;
    });
    await run('resize2fs', [this.#file]);
    await rm(this.#mark, { force: true });
  }

  async #hasFiles(): Promise<boolean> {
    const found = await stat(this.#data).catch(() => undefined);
    return found?.isDirectory() ?? false;
  }

  /** The loop device goes with the mount. */
  async #mount(): Promise<void> {
    const [present] = await this.#devices();
    if (present !== undefined) await mountDevice(present, this.#data, 'ext4', ['discard']);
    else await mountDevice(this.#file, this.#data, 'ext4', ['loop', 'discard']);
  }

  async #attachDevice(): Promise<void> {
    const [present] = await this.#devices();
    const device = present ?? (await run('losetup', ['--find', '--show', this.#file])).stdout.trim();
    if ((await readlink(this.#data).catch(() => '')) === device) return;
    await rm(this.#data, { force: true });
    await symlink(device, this.#data);
  }

  async #devices(): Promise<string[]> {
    const args = ['--associated', this.#file, '--noheadings', '--output', 'NAME'];
    const { stdout } = await run('losetup', args);
    return stdout
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  }
}

async function growMounted(device: string): Promise<boolean> {
  try {
    await run('resize2fs', [device]);
    return true;
  } catch (error) {
    if (String((error as { stderr?: unknown }).stderr).includes('Permission denied')) return false;
    throw error;
  }
}

/** Whether this machine can have such volumes. */
export async function canMakeImages(): Promise<boolean> {
  const tries = [run('losetup', ['--find']), run('mkfs.ext4', ['-V']), access('/dev/loop-control')];
  return (await Promise.allSettled(tries)).every(({ status }) => status === 'fulfilled');
}

/** Detaches the loop devices of all images below the folder; what is mounted there is unmounted before. */
export async function detachImages(folder: string): Promise<void> {
  const real = await realpath(folder).catch(() => folder);
  const { stdout } = await run('losetup', ['--list', '--noheadings', '--raw', '--output', 'NAME,BACK-FILE']);
  for (const line of stdout.split('\n')) {
    const [device = '', file = ''] = line.split(' ');
    if (file.startsWith(`${real}/`)) await run('losetup', ['--detach', device]);
  }
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
