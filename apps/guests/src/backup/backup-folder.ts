import { lstatSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { SampanError } from '@sampan/base';
import { invalid } from './tar-file.ts';

const NAME = /^[A-Za-z0-9][-A-Za-z0-9_.]*(\/[A-Za-z0-9][-A-Za-z0-9_.]*){0,3}$/;
/** Made here: a time, and a number when there were several in one second. */
const MADE = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?\.tar$/;

/** What a crash left half made. */
const PARTIAL = /^[-\dT]+Z(-\d+)?\.tar\.(partial|db.*)$/;

/** Where backups of a home are: a folder for each cluster. Nothing outside of it is read or written. */
export class BackupFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The path of one that is there. Throws `guest-backup-name`, `guest-backup-missing`, `guest-backup-invalid`. */
  find(name: string): string {
    if (!NAME.test(name))
      throw new SampanError('guest-backup-name', `${JSON.stringify(name)} cannot name a backup.`, {
        hint: 'Backups are named by their place below the folder “backups” of the home.',
      });
    const path = join(this.#root, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found)
      throw new SampanError('guest-backup-missing', `There is no backup ${name}.`, {
        hint: 'Backups are named by their place below the folder “backups” of the home.',
      });
    // links would lead to files that only the server may read
    const isInside = realpathSync(path).startsWith(realpathSync(this.#root) + sep);
    if (!found.isFile() || !isInside) throw invalid(path, 'it is no file of this folder');
    return path;
  }

  /** The name and path of a new one; `now` in milliseconds. */
  next(cluster: string, now: number): { readonly name: string; readonly path: string } {
    const folder = join(this.#root, cluster);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const time = `${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
    // not the name of one that was removed: it would look older than those after it
    const same = readdirSync(folder).filter((file) => MADE.test(file) && file.startsWith(time));
    const number = Math.max(0, ...same.map(numberOf)) + 1;
    const file = number === 1 ? `${time}.tar` : `${time}-${number}.tar`;
    return { name: `${cluster}/${file}`, path: join(folder, file) };
  }

  /**
   * Removes all of a cluster but the newest, and what crashes left; what somebody else put there stays. While none is
   * made.
   */
  prune(cluster: string, keep: number): void {
    const folder = join(this.#root, cluster);
    const files = readdirSync(folder);
    const old = files
      .filter((file) => MADE.test(file))
      .toSorted(byAge)
      .slice(0, -keep);
    const left = files.filter((file) => PARTIAL.test(file));
    for (const file of [...old, ...left]) rmSync(join(folder, file), { force: true });
  }
}

/** `TIME.tar` is older than `TIME-2.tar`, which is older than `TIME-10.tar`. */
function byAge(a: string, b: string): number {
  const time = a.slice(0, 20).localeCompare(b.slice(0, 20));
  return time || numberOf(a) - numberOf(b);
}

const numberOf = (file: string): number => Number(/-(\d+)\.tar$/.exec(file.slice(20))?.[1] ?? 1);
