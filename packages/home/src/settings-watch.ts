import { type FSWatcher, watch } from 'node:fs';
import { basename } from 'node:path';
import type { HomeLayout } from './layout.ts';

/**
 * Tells when what a home remembers was written, by whichever process. Watches while somebody follows; where the machine
 * has no watch to give (inotify(7), limits), nobody is told.
 */
export class SettingsWatch {
  readonly #home: HomeLayout;
  readonly #listeners = new Set<() => void>();
  #watcher: FSWatcher | undefined;

  constructor(home: HomeLayout) {
    this.#home = home;
  }

  /** The returned function ends it. */
  follow(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#watcher ??= this.#watch();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#watcher?.close();
      this.#watcher = undefined;
    };
  }

  #watch(): FSWatcher | undefined {
    const { root, settings } = this.#home;
    const name = basename(settings);
    // the folder: the file is replaced whenever it is written
    const tell = (_: string, changed: string | null) => {
      if (changed === name) for (const listener of this.#listeners) listener();
    };
    try {
      return watch(root, { persistent: false }, tell).on('error', () => {});
    } catch (error) {
      if (['ENOSPC', 'EMFILE'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    }
  }
}
