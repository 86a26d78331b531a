import { mkdirSync } from 'node:fs';
import type { GuestBackup, GuestHost, GuestOrigin, GuestSettings, GuestState } from '@sampan/clusters';
import { BackupFolder } from './backup/backup-folder.ts';
import { writeBackup } from './backup/guest-backup.ts';
import type { Guest } from './guest.ts';
import { sleeps } from './guest-failure.ts';
import { hasGuestKeys } from './guest-keys.ts';
import { DEFAULT_SETTINGS, readRecord } from './guest-record.ts';
import { configure } from './life/configure.ts';
import { copyObjects } from './life/copy-objects.ts';
import { type Entry, phaseOf } from './life/entry.ts';
import { make } from './life/make.ts';
import { OpenGuests } from './life/open-guests.ts';
import type { GuestsOptions } from './life/options.ts';
import { remove } from './life/remove.ts';
import { restore, rollback, upgrade } from './life/restore.ts';
import { beginRotation, endRotation } from './life/rotate.ts';
import { removeLeftOvers } from './make-guest.ts';

/** All guest clusters of a home, for those who ask them and those who look after them; `life/` has how it is done. */
export class Guests implements GuestHost {
  readonly #guests: OpenGuests;
  readonly #backups: BackupFolder;

  /** Reads which there are; none is woken but by its own plan. */
  constructor(options: GuestsOptions) {
    const { folder, backups } = options;
    this.#guests = new OpenGuests(options);
    this.#backups = new BackupFolder(backups);
    for (const path of [folder, backups]) mkdirSync(path, { recursive: true, mode: 0o700 });
    removeLeftOvers(folder);
    for (const name of this.#guests.book.onDisk()) this.#guests.find(name);
  }

  /**
   * A cluster that serves, woken when it sleeps; it stays awake until `end` is called, or somebody has it close: then
   * `cut` is called, for what would wait for ever. Throws `guest-missing`, `guest-paused`, `guest-deleted`,
   * `guest-failed`.
   */
  use(name: string, cut = (): void => {}): Promise<{ readonly guest: Guest; readonly end: () => void }> {
    return this.#guests.use(name, cut);
  }

  /** What a cluster that is awake may be asked; undefined: as much as there is room. */
  requestsPerSecond(name: string): number | undefined {
    return this.#guests.book.known(name)?.settings.quota.requestsPerSecond;
  }

  async create(name: string, settings: GuestSettings, origin?: GuestOrigin): Promise<GuestState> {
    const { book } = this.#guests;
    const entry = book.entryOr(name, settings);
    entry.madeOf = origin?.cluster;
    return book.inTurnOr(entry, async () => {
      try {
        if (!hasGuestKeys(entry.folder)) await make(this.#guests, this.#backups, entry, settings, origin);
      } finally {
        entry.madeOf = undefined;
      }
      await configure(this.#guests, entry, settings);
      if (!sleeps(settings)) await this.#guests.open(entry, false);
      return this.#guests.stateOf(entry);
    });
  }

  configure(name: string, settings: GuestSettings): Promise<GuestState> {
    return this.#do(name, (entry) => configure(this.#guests, entry, settings));
  }

  wake(name: string): Promise<GuestState> {
    return this.#do(name, (entry) => this.#guests.open(entry, false));
  }

  sleep(name: string): Promise<GuestState> {
    return this.#do(name, (entry) => this.#guests.close(entry));
  }

  async remove(name: string): Promise<void> {
    const entry = this.#guests.book.entryOr(name, DEFAULT_SETTINGS);
    await this.#guests.book.inTurnOr(entry, () => remove(this.#guests, entry));
  }

  phases(): Promise<Readonly<Record<string, GuestState['phase']>>> {
    const { book, restored } = this.#guests;
    const names = book.onDisk().filter((name) => !restored.has(name));
    return Promise.resolve(Object.fromEntries(names.map((name) => [name, phaseOf(book.known(name))])));
  }

  state(name: string): Promise<GuestState> {
    return this.#do(name, () => Promise.resolve());
  }

  async backup(name: string, keep: number): Promise<GuestBackup> {
    const { book, clock } = this.#guests;
    const entry = book.entry(name);
    return book.inTurn(entry, async () => {
      const at = clock.now();
      const file = this.#backups.next(name, at);
      const { folder } = entry;
      const source = { cluster: name, folder, content: readRecord(folder) };
      const bytes = await writeBackup(file.path, { ...source, copy: (to) => copyObjects(entry, to) });
      this.#backups.prune(name, keep);
      return { at, file: file.name, bytes };
    });
  }

  restore(name: string, backup: string): Promise<GuestState> {
    return this.#do(name, (entry) => restore(this.#guests, entry, this.#backups.find(backup)));
  }

  upgrade(name: string): Promise<GuestState> {
    return this.#do(name, (entry) => upgrade(this.#guests, entry));
  }

  rollback(name: string): Promise<GuestState> {
    return this.#do(name, (entry) => rollback(this.#guests, entry));
  }

  startRotation(name: string): Promise<GuestState> {
    return this.#do(name, (entry) => beginRotation(this.#guests, entry));
  }

  finishRotation(name: string): Promise<GuestState> {
    return this.#do(name, (entry) => endRotation(this.#guests, entry));
  }

  /** Ends all. */
  async close(): Promise<void> {
    await this.#guests.closeAll();
    this.#guests.options.node?.caller.close();
  }

  async #do(name: string, task: (entry: Entry) => Promise<unknown>): Promise<GuestState> {
    const { book } = this.#guests;
    const entry = book.entry(name);
    return book.inTurn(entry, async () => {
      await task(entry);
      return this.#guests.stateOf(entry);
    });
  }
}
