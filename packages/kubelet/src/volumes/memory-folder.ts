import { mkdir, readdir } from 'node:fs/promises';
import { mountAt, mountTmpfs, removeTree } from './mounts.ts';

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
    this.#mounting ??= this.#mount();
    try {
      await this.#mounting;
    } catch (error) {
      this.#mounting = undefined;
      throw error;
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

  async #mount(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o750 });
    if ((await mountAt(this.path))?.type !== 'tmpfs') await mountTmpfs(this.path, ['mode=0750']);
  }
}
