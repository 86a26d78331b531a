import { mkdir, readdir, statfs } from 'node:fs/promises';
import { mountTmpfs, removeTree } from './mounts.ts';

/** statfs(2), TMPFS_MAGIC. */
const TMPFS = 0x0102_1994;

/**
 * One memory file system for all that must not reach a disk, FOLDER/UID/NAME: a mount of its own for every secret would
 * cost each start of a pod several milliseconds. It outlives the process.
 */
export class MemoryFolder {
  readonly path: string;
  #mounting: Promise<void> | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** A volume's place; its parents are there. */
  async folderOf(uid: string, name: string): Promise<string> {
    // asked every time: a secret must not reach the disk because somebody unmounted something
    if (!(await this.#isInMemory())) {
      this.#mounting ??= this.#mount().finally(() => {
        this.#mounting = undefined;
      });
      await this.#mounting;
    }
    await mkdir(`${this.path}/${uid}`, { recursive: true, mode: 0o750 });
    return `${this.path}/${uid}/${name}`;
  }

  async remove(uid: string): Promise<void> {
    await removeTree(`${this.path}/${uid}`);
  }

  /** The pods that have something here. */
  async uids(): Promise<string[]> {
    return await readdir(this.path).catch(() => []);
  }

  async #isInMemory(): Promise<boolean> {
    const found = await statfs(this.path).catch(() => undefined);
    return found?.type === TMPFS;
  }

  async #mount(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o750 });
    await mountTmpfs(this.path, ['mode=0750']);
  }
}
