import { chmod, mkdir, rename, statfs } from 'node:fs/promises';
import { type Logger, messageOf, SampanError } from '@sampan/base';
import type { LocalAttachments } from '../volumes/context.ts';
import { mountAt, removeTree, unmountAll } from '../volumes/mounts.ts';
import { canMakeImages, detachImages, exists, VolumeImage } from './volume-image.ts';

export type VolumeMode = 'Filesystem' | 'Block';

/**
 * Volumes of this node, FOLDER/NAME each, seen at FOLDER/NAME/data: an image file of the volume's size with a file
 * system of its own, so that its capacity holds on any file system, without quotas. Where the machine has no loop
 * devices or no mkfs.ext4, `data` is a plain folder and capacity is not enforced. They are mounted while pods use them.
 */
export class LocalVolumes implements LocalAttachments {
  readonly #folder: string;
  readonly #log: Logger;
  /** By name, the pods that use it. */
  readonly #users = new Map<string, Set<string>>();
  /** By name, the end of what is being done to it. */
  readonly #work = new Map<string, Promise<unknown>>();
  #canMakeImages: Promise<boolean> | undefined;
  /** A volume's file system has the size that was asked for. Must not throw. */
  onGrown: (name: string) => void = () => {};

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Where the volume is once it is attached. */
  pathOf(name: string): string {
    return `${this.#folder}/${name}/data`;
  }

  /** May be called again. Throws `volume-no-space`, `volume-block-unsupported`. */
  make(name: string, bytes: number, mode: VolumeMode): Promise<void> {
    return this.#alone(name, async () => {
      const folder = `${this.#folder}/${name}`;
      if (await exists(folder)) return;
      const fresh = `${this.#folder}/.${name}`;
      await removeTree(fresh);
      await mkdir(fresh, { recursive: true, mode: 0o755 });
      this.#canMakeImages ??= canMakeImages();
      if (await this.#canMakeImages) {
        await this.#checkSpace(bytes);
        await new VolumeImage(fresh).make(bytes, mode === 'Block');
      } else if (mode === 'Block') {
        throw noLoopDevices();
      } else {
        await mkdir(`${fresh}/data`);
        await chmod(`${fresh}/data`, 0o777);
      }
      // half-made ones are never taken for whole
      await rename(fresh, folder);
    });
  }

  has(path: string): boolean {
    return this.#nameOf(path) !== undefined;
  }

  async attach(path: string, uid: string): Promise<void> {
    const name = this.#nameOf(path);
    if (name === undefined) return;
    await this.#alone(name, async () => {
      const image = new VolumeImage(`${this.#folder}/${name}`);
      if (!(await image.exists())) return;
      this.#users.getOrInsertComputed(name, () => new Set()).add(uid);
      if (await this.#isMounted(name)) return;
      if (await image.attach()) this.onGrown(name);
    });
  }

  async detach(uid: string): Promise<void> {
    for (const [name, users] of this.#users) {
      if (!users.has(uid)) continue;
      await this.#alone(name, async () => {
        users.delete(uid);
        if (users.size > 0) return;
        this.#users.delete(name);
        if (await new VolumeImage(`${this.#folder}/${name}`).detach()) this.onGrown(name);
      }).catch((error: unknown) => {
        this.#log.warn('a volume stays attached', { volume: name, error: messageOf(error) });
      });
    }
  }

  /** See `VolumeImage.grow`; volumes without an enforced size are as large as asked for. */
  grow(name: string, bytes: number): Promise<boolean> {
    return this.#alone(name, async () => {
      const image = new VolumeImage(`${this.#folder}/${name}`);
      return !(await image.exists()) || (await image.grow(bytes));
    });
  }

  /** With all its data. May be called twice. */
  remove(name: string): Promise<void> {
    return this.#alone(name, async () => {
      const folder = `${this.#folder}/${name}`;
      this.#users.delete(name);
      await unmountAll(folder);
      await detachImages(folder);
      await removeTree(folder);
    });
  }

  #nameOf(path: string): string | undefined {
    if (!path.startsWith(`${this.#folder}/`)) return undefined;
    const [name, data, ...more] = path.slice(this.#folder.length + 1).split('/');
    return data === 'data' && more.length === 0 ? name : undefined;
  }

  async #isMounted(name: string): Promise<boolean> {
    return (await mountAt(this.pathOf(name))) !== undefined;
  }

  async #checkSpace(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize >= bytes) return;
    throw new SampanError('volume-no-space', `no space for ${bytes} bytes, ${bavail * bsize} are left`, {
      hint: `Make room on the file system of ${this.#folder}, or ask for less.`,
    });
  }

  /** One thing at a time for each volume. */
  #alone<T>(name: string, task: () => Promise<T>): Promise<T> {
    const done = (this.#work.get(name) ?? Promise.resolve()).then(task, task);
    const settled = done.catch(() => {});
    this.#work.set(name, settled);
    void settled.then(() => {
      if (this.#work.get(name) === settled) this.#work.delete(name);
    });
    return done;
  }
}

/** Detaches all volumes in the folder; their data stays. */
export async function detachLocalVolumes(folder: string): Promise<void> {
  await unmountAll(folder);
  await detachImages(folder);
}

const noLoopDevices = (): SampanError =>
  new SampanError('volume-block-unsupported', 'this machine has no loop devices for block volumes', {
    hint: 'Load the kernel module loop, or ask for a volume with a file system.',
  });
