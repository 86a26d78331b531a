import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { VersionInfo } from '@sampan/apiserver';
import { type Logger, SampanError } from '@sampan/base';
import type { GuestFacts, GuestHost, GuestStats } from '@sampan/clusters';
import { Guest } from './guest.ts';
import { createGuestKeys, type GuestKeys, readGuestKeys } from './guest-keys.ts';

export interface GuestsOptions {
  /** Holds a folder for each guest, by its name. */
  readonly folder: string;
  readonly version: VersionInfo;
  readonly servingCa: string;
  /** `HOST:PORT`. */
  readonly externalAddress: string;
  readonly log: Logger;
}

const DATABASE = 'cluster.db';

/** A DNS label, which cannot lead out of the folder. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** All guest clusters of a home: those that are awake, and how others wake. */
export class Guests implements GuestHost {
  readonly #options: GuestsOptions;
  /** Awake or waking. */
  readonly #awake = new Map<string, Promise<Guest>>();
  /** What is done to a cluster, one thing after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: GuestsOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  }

  /** A cluster that serves, woken when it sleeps. Throws `guest-missing`. */
  get(name: string): Promise<Guest> {
    return this.#awake.get(name) ?? this.#inTurn(name, () => this.#open(name));
  }

  async create(name: string): Promise<GuestFacts> {
    return this.#inTurn(name, async () => {
      const folder = this.#folderOf(name);
      if (!readGuestKeys(folder)) {
        // what an earlier try began is not used
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder, { mode: 0o700 });
        createGuestKeys(folder);
      }
      await this.#open(name);
      return this.#facts(name);
    });
  }

  async wake(name: string): Promise<GuestFacts> {
    await this.get(name);
    return this.#facts(name);
  }

  sleep(name: string): Promise<void> {
    return this.#inTurn(name, () => this.#close(name));
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      await this.#close(name);
      rmSync(this.#folderOf(name), { recursive: true, force: true });
    });
  }

  list(): Promise<readonly string[]> {
    const entries = readdirSync(this.#options.folder, { withFileTypes: true });
    return Promise.resolve(entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name));
  }

  async stats(name: string): Promise<GuestStats | undefined> {
    const guest = await this.#awake.get(name);
    if (!guest) return undefined;
    const { objects } = guest.store.stats();
    return { objects, bytes: 0, lastRequestAt: undefined, connections: 0, runningPods: 0 };
  }

  /** Ends all. */
  async close(): Promise<void> {
    await Promise.all([...this.#awake.keys()].map((name) => this.sleep(name)));
  }

  async #open(name: string): Promise<Guest> {
    const known = this.#awake.get(name);
    if (known) return known;
    const keys = this.#keys(name);
    const { version, servingCa, externalAddress, log } = this.#options;
    const opening = Guest.open({
      name,
      file: join(this.#folderOf(name), DATABASE),
      keys,
      version,
      servingCa,
      externalAddress: `${externalAddress}/clusters/${name}`,
      log,
    });
    this.#awake.set(name, opening);
    try {
      return await opening;
    } catch (error) {
      this.#awake.delete(name);
      throw error;
    }
  }

  async #close(name: string): Promise<void> {
    const guest = await this.#awake.get(name);
    this.#awake.delete(name);
    await guest?.close();
  }

  #facts(name: string): GuestFacts {
    return { clientCa: this.#keys(name).authority.certificatePem };
  }

  #keys(name: string): GuestKeys {
    const keys = readGuestKeys(this.#folderOf(name));
    if (!keys) throw new SampanError('guest-missing', `There is no cluster ${JSON.stringify(name)}.`);
    return keys;
  }

  #folderOf(name: string): string {
    if (!NAME.test(name))
      throw new SampanError('guest-name', `${JSON.stringify(name)} cannot name a cluster.`);
    return join(this.#options.folder, name);
  }

  #inTurn<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const done = before.then(task, task);
    const last = done
      .catch(() => {})
      .then(() => {
        if (this.#turns.get(name) === last) this.#turns.delete(name);
      });
    this.#turns.set(name, last);
    return done;
  }
}
