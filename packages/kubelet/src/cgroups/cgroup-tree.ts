import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type CgroupVersion, type Controller, cgroupFiles } from './cgroup-files.ts';
import type { CgroupLimits } from './cgroup-limits.ts';

const MOUNT = '/sys/fs/cgroup';
const USED: readonly Controller[] = ['cpu', 'memory', 'pids', 'hugetlb'];
/** A cgroup may be busy a moment longer than its last process lived. */
const REMOVALS = 10;
const REMOVAL_MS = 20;

/** The machine's cgroup file systems: one tree (version 2), or one for each controller (version 1, hybrid too). */
export class CgroupTree {
  readonly version: CgroupVersion;
  /** Those that this machine has. */
  readonly controllers: ReadonlySet<Controller>;
  readonly #mount: string;

  private constructor(version: CgroupVersion, controllers: ReadonlySet<Controller>, mount: string) {
    this.version = version;
    this.controllers = controllers;
    this.#mount = mount;
  }

  /** `mount`: other than /sys/fs/cgroup only in tests. */
  static async open(mount: string = MOUNT): Promise<CgroupTree> {
    const unified = await readFile(`${mount}/cgroup.controllers`, 'utf8').catch(() => undefined);
    const found = await Promise.all(
      USED.map(async (name) => {
        const there = unified?.trim().split(' ').includes(name) ?? (await exists(`${mount}/${name}/tasks`));
        return there ? [name] : [];
      }),
    );
    return new CgroupTree(unified === undefined ? 1 : 2, new Set(found.flat()), mount);
  }

  /** Makes a cgroup, its parents too, when missing, and sets its limits. `path`: absolute within the file systems. */
  async set(path: string, limits: CgroupLimits): Promise<void> {
    await this.#make(path);
    for (const { controller, file, value } of cgroupFiles(limits, this.version)) {
      if (!this.controllers.has(controller)) continue;
      await writeFile(`${this.#folder(controller, path)}/${file}`, value);
    }
  }

  /** Removes a cgroup and those in it; those that still hold processes stay. May be called twice. */
  async remove(path: string): Promise<void> {
    // runtimes make the folder in every controller's tree
    const roots = this.version === 2 ? [''] : (await readdir(this.#mount)).map((name) => `/${name}`);
    await Promise.all(roots.map((root) => removeFolders(`${this.#mount}${root}${path}`)));
  }

  async #make(path: string): Promise<void> {
    if (this.version === 1) {
      const folders = [...this.controllers].map((controller) => this.#folder(controller, path));
      await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
      return;
    }
    await mkdir(`${this.#mount}${path}`, { recursive: true });
    // a cgroup has the files of those controllers only that its parent hands on
    const enable = [...this.controllers].map((name) => `+${name}`).join(' ');
    const names = path.split('/').slice(1, -1);
    for (let depth = 0; depth <= names.length; depth++) {
      const parent = ['', ...names.slice(0, depth)].join('/');
      await writeFile(`${this.#mount}${parent}/cgroup.subtree_control`, enable);
    }
  }

  #folder(controller: Controller, path: string): string {
    return this.version === 2 ? `${this.#mount}${path}` : `${this.#mount}/${controller}${path}`;
  }
}

/** Removes all cgroups of a node (its `cgroupRoot`), when no pod is left. May be called twice. */
export async function removeCgroups(path: string): Promise<void> {
  const tree = await CgroupTree.open();
  await tree.remove(path);
}

async function removeFolders(folder: string): Promise<void> {
  const inside = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (!inside) return;
  const folders = inside.filter((entry) => entry.isDirectory());
  await Promise.all(folders.map(({ name }) => removeFolders(`${folder}/${name}`)));
  for (let left = REMOVALS; left > 0; left--) {
    const removed = await rmdir(folder).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    );
    if (removed) return;
    await pause(REMOVAL_MS);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
