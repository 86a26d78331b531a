import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { type GuestSettings, HOST_CLUSTER } from '@sampan/clusters';
import { missing } from '../guest-failure.ts';
import { hasGuestKeys } from '../guest-keys.ts';
import { readRecord } from '../guest-record.ts';
import type { Entry } from './entry.ts';

/** A DNS label, which cannot lead out of the folder. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Which clusters there are. Those that are awake, or have failed, or are worked on, have an entry; others are files. */
export class GuestBook {
  readonly #folder: string;
  readonly #entries = new Map<string, Entry>();

  /** `folder` holds a folder for each, by its name. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  onDisk(): string[] {
    return readdirSync(this.#folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && NAME.test(entry.name))
      .map(({ name }) => name);
  }

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  /** undefined: it is nothing but files, or is not there. */
  known(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  /** Of one that is there. Throws `guest-missing`, `guest-name`. */
  entry(name: string): Entry {
    const known = this.#entries.get(name);
    if (known) return known;
    this.assertThere(name);
    return this.add(name, readRecord(this.folderOf(name)).settings);
  }

  /** Throws `guest-missing`, `guest-name`. */
  assertThere(name: string): void {
    if (!hasGuestKeys(this.folderOf(name))) throw missing(name);
  }

  /**
   * That another may be made of one: it is there, or on its way. Throws `guest-missing`, also when that one waits for
   * the other; `guest-name`.
   */
  assertComes(name: string, other: string): void {
    const seen = new Set([other]);
    for (let at: string | undefined = name; at !== undefined; at = this.#entries.get(at)?.madeOf) {
      if (hasGuestKeys(this.folderOf(at))) return;
      if (seen.has(at) || !this.#entries.has(at)) throw missing(name);
      seen.add(at);
    }
  }

  /** Of one that may not be there. Throws `guest-name`. */
  entryOr(name: string, settings: GuestSettings): Entry {
    return this.#entries.get(name) ?? this.add(name, settings);
  }

  /** Throws `guest-name`. */
  add(name: string, settings: GuestSettings): Entry {
    const entry: Entry = {
      name,
      folder: this.folderOf(name),
      settings,
      guest: undefined,
      failure: undefined,
      madeOf: undefined,
      users: 0,
      turn: Promise.resolve(),
    };
    this.#entries.set(name, entry);
    return entry;
  }

  /** Throws `guest-name`. */
  folderOf(name: string): string {
    if (!NAME.test(name) || name === HOST_CLUSTER)
      throw new SampanError('guest-name', `${JSON.stringify(name)} cannot name a cluster.`);
    return join(this.#folder, name);
  }

  /** After all that is done to it already. Throws `guest-missing` when it was removed before. */
  inTurn<T>(entry: Entry, task: () => Promise<T>): Promise<T> {
    return this.inTurnOr(entry, async () => {
      this.assertThere(entry.name);
      return task();
    });
  }

  /** The same for one that may not be there. */
  async inTurnOr<T>(entry: Entry, task: () => Promise<T>): Promise<T> {
    const done = entry.turn.then(task, task);
    const turn = done.catch(() => {});
    entry.turn = turn;
    try {
      return await done;
    } finally {
      // asleep, and nobody is on the way: what there is to know of it is in its folder
      const isNothing = entry.turn === turn && !entry.guest && !entry.failure;
      if (isNothing && this.#entries.get(entry.name) === entry) this.#entries.delete(entry.name);
    }
  }
}
