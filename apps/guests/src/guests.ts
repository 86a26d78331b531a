import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { VersionInfo } from '@sampan/apiserver';
import { type Clock, type Logger, messageOf, SampanError, systemClock } from '@sampan/base';
import type { GuestHost, GuestListener, GuestSettings, GuestState } from '@sampan/clusters';
import { Guest, type MachineNode } from './guest.ts';
import { createGuestKeys, hasGuestKeys, readGuestKeys } from './guest-keys.ts';
import type { GuestNetworks } from './guest-networks.ts';
import { GUEST_FILES, type GuestRecord, readRecord, storedBytes, writeRecord } from './guest-record.ts';
import type { NodeCaller } from './node-caller.ts';

export interface GuestsOptions {
  /** Holds a folder for each guest, by its name. */
  readonly folder: string;
  readonly version: VersionInfo;
  /** What runs pods of guests; undefined: nothing does. */
  readonly node?: GuestsNode;
  /** `HOST:PORT`. */
  readonly externalAddress: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Told of what nobody asked for by a call. */
  readonly changed?: GuestListener;
}

export interface GuestsNode {
  /** Of the machine, as its node. */
  readonly name: string;
  readonly caller: NodeCaller;
  readonly networks: GuestNetworks;
  readonly agentSocket: (network: number) => string;
}

/** A DNS label, which cannot lead out of the folder. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** What is due sooner is not worth a sleep. */
const SHORT_SLEEP_MS = 30_000;

/** What is known of a cluster while this process runs. */
interface Entry {
  settings: GuestSettings;
  /** Awake, or waking. */
  guest: Promise<Guest> | undefined;
  failure: string | undefined;
  lastRequestAt: number | undefined;
  /** What is done to it, one thing after the other. */
  turn: Promise<unknown>;
  /** Ends the wait for its next look: whether it may sleep, or must wake. */
  cancel: () => void;
}

/** All guest clusters of a home: those that are awake, and when others wake. */
export class Guests implements GuestHost {
  readonly #options: GuestsOptions;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;

  /** Reads which there are; none is woken but by its own plan. */
  constructor(options: GuestsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    for (const name of this.#onDisk()) {
      const { network } = readRecord(this.#folderOf(name));
      if (network !== undefined) options.node?.networks.reserve(network);
      this.#plan(name, this.#entry(name));
    }
  }

  /**
   * A cluster that serves, woken when it sleeps; it stays awake until `end` is called. Throws `guest-missing`,
   * `guest-paused`, `guest-failed`.
   */
  async use(name: string): Promise<{ readonly guest: Guest; readonly end: () => void }> {
    const entry = this.#entry(name);
    for (;;) {
      if (entry.settings.paused) throw paused(name);
      const opening = entry.guest ?? this.#inTurn(entry, () => this.#open(name, entry, true));
      const guest = await opening;
      // it may have fallen asleep in between
      if (guest.isOpen) return { guest, end: guest.begin() };
    }
  }

  create(name: string, settings: GuestSettings): Promise<GuestState> {
    const entry = this.#entries.get(name) ?? this.#newEntry(name, settings);
    return this.#inTurn(entry, async () => {
      const folder = this.#folderOf(name);
      if (!readGuestKeys(folder)) {
        // what an earlier try began is not used
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder, { mode: 0o700 });
        const { node } = this.#options;
        const network = await node?.networks.take(name);
        writeRecord(folder, { format: 1, settings, ...(network === undefined ? {} : { network }) });
        // the last thing: with it, the cluster is there
        createGuestKeys(folder);
      }
      await this.#configure(name, entry, settings);
      if (!settings.paused) await this.#open(name, entry, false);
      return this.#stateOf(name, entry);
    });
  }

  async configure(name: string, settings: GuestSettings): Promise<GuestState> {
    const entry = this.#entry(name);
    return this.#inTurn(entry, async () => {
      await this.#configure(name, entry, settings);
      return this.#stateOf(name, entry);
    });
  }

  async wake(name: string): Promise<GuestState> {
    const entry = this.#entry(name);
    return this.#inTurn(entry, async () => {
      await this.#open(name, entry, false);
      return this.#stateOf(name, entry);
    });
  }

  async sleep(name: string): Promise<GuestState> {
    const entry = this.#entry(name);
    return this.#inTurn(entry, async () => {
      await this.#close(name, entry);
      return this.#stateOf(name, entry);
    });
  }

  async remove(name: string): Promise<void> {
    const entry = this.#entries.get(name) ?? this.#newEntry(name, NO_SETTINGS);
    await this.#inTurn(entry, async () => {
      entry.cancel();
      const opening = entry.guest;
      entry.guest = undefined;
      const guest = await opening?.catch(() => undefined);
      await guest?.close({ stopNode: false });
      await this.#endNode(name);
      rmSync(this.#folderOf(name), { recursive: true, force: true });
      entry.cancel();
      this.#entries.delete(name);
    });
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve(this.#onDisk());
  }

  async state(name: string): Promise<GuestState> {
    return this.#stateOf(name, this.#entry(name));
  }

  /** Ends all. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(
      [...this.#entries].map(([name, entry]) =>
        this.#inTurn(entry, () => this.#close(name, entry, false)).finally(() => entry.cancel()),
      ),
    );
  }

  #onDisk(): string[] {
    return readdirSync(this.#options.folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && NAME.test(entry.name))
      .map(({ name }) => name);
  }

  /** Throws `guest-missing`. */
  #entry(name: string): Entry {
    const known = this.#entries.get(name);
    if (known) return known;
    const folder = this.#folderOf(name);
    if (!hasGuestKeys(folder)) throw missing(name);
    return this.#newEntry(name, readRecord(folder).settings);
  }

  #newEntry(name: string, settings: GuestSettings): Entry {
    this.#folderOf(name);
    const entry: Entry = {
      settings,
      guest: undefined,
      failure: undefined,
      lastRequestAt: undefined,
      turn: Promise.resolve(),
      cancel: () => {},
    };
    this.#entries.set(name, entry);
    return entry;
  }

  async #configure(name: string, entry: Entry, settings: GuestSettings): Promise<void> {
    entry.settings = settings;
    const folder = this.#folderOf(name);
    writeRecord(folder, { ...readRecord(folder), settings });
    if (settings.paused) await this.#close(name, entry);
    else this.#plan(name, entry);
  }

  async #open(name: string, entry: Entry, unasked: boolean): Promise<Guest> {
    if (entry.guest) return entry.guest;
    if (entry.settings.paused) throw paused(name);
    const folder = this.#folderOf(name);
    const keys = readGuestKeys(folder);
    if (!keys) throw missing(name);
    const { version, externalAddress, log } = this.#options;
    entry.guest = Guest.open({
      name,
      file: join(folder, GUEST_FILES.database),
      keys,
      version,
      externalAddress: `${externalAddress}/clusters/${name}`,
      node: this.#nodeOf(name, readRecord(folder)),
      isSandboxed: entry.settings.isSandboxed,
      log,
    });
    try {
      const guest = await entry.guest;
      entry.failure = undefined;
      this.#plan(name, entry);
      if (unasked) this.#tell(name, entry);
      return guest;
    } catch (error) {
      entry.guest = undefined;
      entry.failure = messageOf(error);
      if (unasked) this.#tell(name, entry);
      throw new SampanError('guest-failed', `The cluster ${name} cannot be opened: ${messageOf(error)}`, {
        hint: 'Restore it from a backup.',
        cause: error,
      });
    }
  }

  async #close(name: string, entry: Entry, stopNode = true): Promise<void> {
    entry.cancel();
    const opening = entry.guest;
    entry.guest = undefined;
    const guest = await opening?.catch(() => undefined);
    if (guest) {
      const { wakeAt, lastRequestAt, hasPods } = guest;
      entry.lastRequestAt = lastRequestAt ?? entry.lastRequestAt;
      await guest.close({ stopNode });
      const folder = this.#folderOf(name);
      const { wakeAt: _before, ...record } = readRecord(folder);
      writeRecord(folder, { ...record, hasPods, ...(wakeAt === undefined ? {} : { wakeAt }) });
    }
    this.#plan(name, entry);
  }

  /** Waits for the next time to look whether a cluster may sleep, or, asleep, must wake. */
  #plan(name: string, entry: Entry): void {
    entry.cancel();
    entry.cancel = () => {};
    if (this.#isClosed) return;
    const { idleMs, paused: isPaused } = entry.settings;
    if (isPaused) return;
    if (entry.guest) {
      if (idleMs > 0) entry.cancel = this.#clock.schedule(() => this.#lookAtAwake(name, entry), idleMs);
      return;
    }
    const { wakeAt, hasPods } = readRecord(this.#folderOf(name));
    if (hasPods) this.#wakeUnasked(name, entry);
    if (wakeAt === undefined) return;
    entry.cancel = this.#clock.schedule(() => {
      // a timer has a longest delay
      if (this.#clock.now() < wakeAt) this.#plan(name, entry);
      else this.#wakeUnasked(name, entry);
    }, wakeAt - this.#clock.now());
  }

  #lookAtAwake(name: string, entry: Entry): void {
    const look = async (): Promise<void> => {
      const guest = await entry.guest;
      if (guest && this.#maySleep(guest, entry)) {
        await this.#close(name, entry);
        this.#tell(name, entry);
      } else this.#plan(name, entry);
    };
    this.#inTurn(entry, look).catch((error: unknown) => this.#report(name, error));
  }

  #nodeOf(name: string, { network: index }: GuestRecord): MachineNode | undefined {
    const { node } = this.#options;
    if (!node || index === undefined) return undefined;
    return {
      name: node.name,
      network: node.networks.network(name, index),
      caller: node.caller,
      agentSocket: node.agentSocket(index),
    };
  }

  /** Of a cluster that is removed, whatever its pods left on the machine. */
  async #endNode(name: string): Promise<void> {
    const { node } = this.#options;
    const { network } = readRecord(this.#folderOf(name));
    if (!node || network === undefined) return;
    await node.caller.stop(name, { end: true }).catch((error: unknown) => {
      // at its next start it ends what is of no cluster
      this.#report(name, error);
    });
    node.networks.giveBack(network);
  }

  #maySleep(guest: Guest, { settings }: Entry): boolean {
    const now = this.#clock.now();
    const isIdle = guest.connections === 0 && now - (guest.lastRequestAt ?? 0) >= settings.idleMs;
    const isBusySoon = guest.wakeAt !== undefined && guest.wakeAt - now < SHORT_SLEEP_MS;
    return isIdle && !isBusySoon && !guest.hasPods;
  }

  #wakeUnasked(name: string, entry: Entry): void {
    this.#inTurn(entry, () => this.#open(name, entry, true)).catch((error: unknown) =>
      this.#report(name, error),
    );
  }

  #report(name: string, error: unknown): void {
    this.#options.log.error('a cluster failed', { cluster: name, error: messageOf(error) });
  }

  #tell(name: string, entry: Entry): void {
    this.#stateOf(name, entry).then(
      (state) => this.#options.changed?.(name, state),
      (error: unknown) => this.#report(name, error),
    );
  }

  async #stateOf(name: string, entry: Entry): Promise<GuestState> {
    const guest = await entry.guest?.catch(() => undefined);
    const lastRequestAt = guest?.lastRequestAt ?? entry.lastRequestAt;
    return {
      phase: guest ? 'awake' : entry.failure === undefined ? 'asleep' : 'failed',
      bytes: storedBytes(this.#folderOf(name)),
      ...(entry.failure === undefined ? {} : { message: entry.failure }),
      ...(guest ? { objects: guest.objects } : {}),
      ...(lastRequestAt === undefined ? {} : { lastRequestAt }),
    };
  }

  /** Throws `guest-name`. */
  #folderOf(name: string): string {
    if (!NAME.test(name))
      throw new SampanError('guest-name', `${JSON.stringify(name)} cannot name a cluster.`);
    return join(this.#options.folder, name);
  }

  #inTurn<T>(entry: Entry, task: () => Promise<T>): Promise<T> {
    const done = entry.turn.then(task, task);
    entry.turn = done.catch(() => {});
    return done;
  }
}

const NO_SETTINGS: GuestSettings = { idleMs: 0, paused: false, isSandboxed: false };

const missing = (name: string): SampanError =>
  new SampanError('guest-missing', `There is no cluster ${JSON.stringify(name)}.`);
const paused = (name: string): SampanError =>
  new SampanError('guest-paused', `The cluster ${name} is paused.`, {
    hint: `Have it go on: sampan cluster resume ${name}`,
  });
