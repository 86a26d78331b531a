import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { VersionInfo } from '@sampan/apiserver';
import { type Clock, deepEqual, type Logger, messageOf, SampanError, systemClock } from '@sampan/base';
import {
  type GuestBackup,
  type GuestHost,
  type GuestListener,
  type GuestOrigin,
  type GuestSettings,
  type GuestState,
  HOST_CLUSTER,
} from '@sampan/clusters';
import type { PullSecretOptions } from '@sampan/controllers';
import { Alarms } from './alarms.ts';
import { BackupFolder } from './backup/backup-folder.ts';
import { readBackup, writeBackup } from './backup/guest-backup.ts';
import { Guest, type MachineNode } from './guest.ts';
import { changeContent, copyDatabase, foldDatabase } from './guest-content.ts';
import {
  assertServes,
  type Failure,
  failureOf,
  held,
  mayPass,
  missing,
  noRollback,
  sleeps,
  upgradeFailed,
} from './guest-failure.ts';
import {
  finishRotation,
  frontProxyOf,
  type GuestKeys,
  hasGuestKeys,
  keysIn,
  readGuestKeys,
  revoke,
  startRotation,
} from './guest-keys.ts';
import type { GuestNetworks } from './guest-networks.ts';
import {
  changeRecord,
  DEFAULT_SETTINGS,
  databaseOf,
  GUEST_FORMAT,
  type GuestContent,
  type GuestRecord,
  nextDatabase,
  readRecord,
  removeDatabase,
  storedBytes,
} from './guest-record.ts';
import { makeGuest, removeGuest, removeLeftOvers } from './make-guest.ts';
import { renewTokens } from './new-life.ts';
import type { NodeCaller } from './node-caller.ts';
import { renewAddresses } from './renew-addresses.ts';

export interface GuestsOptions {
  /** Holds a folder for each guest, by its name. */
  readonly folder: string;
  /** Holds backups of guests. */
  readonly backups: string;
  readonly version: VersionInfo;
  /** What runs pods of guests; undefined: nothing does. */
  readonly node?: GuestsNode;
  /** `HOST:PORT`. */
  readonly externalAddress: string;
  /** With what pods of a cluster fetch images from the machine's registry; absent: there is none. */
  readonly pullSecret?: (cluster: string, uid: () => string) => PullSecretOptions;
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
/** What was before an upgrade or a restore may be put back for so long. */
const KEEP_BEFORE_MS = 24 * 3_600_000;
/** What is known of a cluster while this process runs. */
interface Entry {
  settings: GuestSettings;
  /** Awake, or waking. */
  guest: Promise<Guest> | undefined;
  failure: Failure | undefined;
  /** What is done to it, one thing after the other. */
  turn: Promise<unknown>;
}

/** All guest clusters of a home: those that are awake, and when others wake. */
export class Guests implements GuestHost {
  readonly #options: GuestsOptions;
  readonly #clock: Clock;
  /** Those that are awake, or have failed, or are worked on; the others are nothing but files. */
  readonly #entries = new Map<string, Entry>();
  /** When to look at each next: whether it may sleep, or must wake. */
  readonly #alarms: Alarms;
  readonly #backups: BackupFolder;
  #isClosed = false;

  /** Reads which there are; none is woken but by its own plan. */
  constructor(options: GuestsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#alarms = new Alarms(this.#clock, (name) => this.#look(name));
    this.#backups = new BackupFolder(options.backups);
    for (const folder of [options.folder, options.backups])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    removeLeftOvers(options.folder);
    for (const name of this.#onDisk()) this.#find(name);
  }

  #find(name: string): void {
    try {
      const record = readRecord(this.#folderOf(name));
      if (record.network !== undefined) this.#options.node?.networks.reserve(record.network);
      this.#planAsleep(name, record);
    } catch (error) {
      this.#fail(this.#newEntry(name, DEFAULT_SETTINGS), name, error);
    }
  }

  /**
   * A cluster that serves, woken when it sleeps; it stays awake until `end` is called, or somebody has it close: then
   * `cut` is called, for what would wait for ever. Throws `guest-missing`, `guest-paused`, `guest-failed`.
   */
  async use(
    name: string,
    cut = (): void => {},
  ): Promise<{ readonly guest: Guest; readonly end: () => void }> {
    for (;;) {
      const entry = this.#entry(name);
      const { failure } = entry;
      if (failure && !mayPass(failure, this.#clock.now())) throw failure.error;
      assertServes(name, entry.settings);
      const opening = entry.guest ?? this.#inTurn(name, entry, () => this.#open(name, entry, true));
      const guest = await opening;
      // it may have fallen asleep in between
      if (guest.isOpen) return { guest, end: guest.begin(cut) };
    }
  }

  /** What a cluster that is awake may be asked; undefined: as much as there is room. */
  requestsPerSecond(name: string): number | undefined {
    return this.#entries.get(name)?.settings.quota.requestsPerSecond;
  }

  create(name: string, settings: GuestSettings, origin?: GuestOrigin): Promise<GuestState> {
    const entry = this.#entries.get(name) ?? this.#newEntry(name, settings);
    return this.#inTurn(name, entry, async () => {
      const folder = this.#folderOf(name);
      if (!hasGuestKeys(folder)) await this.#make(name, settings, origin);
      await this.#configure(name, entry, settings);
      if (!sleeps(settings)) await this.#open(name, entry, false);
      return this.#stateOf(name, entry);
    });
  }

  configure(name: string, settings: GuestSettings): Promise<GuestState> {
    return this.#do(name, (entry) => this.#configure(name, entry, settings));
  }

  wake(name: string): Promise<GuestState> {
    return this.#do(name, (entry) => this.#open(name, entry, false));
  }

  sleep(name: string): Promise<GuestState> {
    return this.#do(name, (entry) => this.#close(name, entry));
  }

  async remove(name: string): Promise<void> {
    const entry = this.#entries.get(name) ?? this.#newEntry(name, DEFAULT_SETTINGS);
    await this.#inTurn(name, entry, async () => {
      this.#alarms.delete(name);
      const opening = entry.guest;
      entry.guest = undefined;
      entry.failure = undefined;
      const guest = await opening?.catch(() => undefined);
      await guest?.close({ stopNode: false });
      await this.#endNode(name);
      removeGuest(this.#folderOf(name));
    });
  }

  phases(): Promise<Readonly<Record<string, GuestState['phase']>>> {
    return Promise.resolve(
      Object.fromEntries(this.#onDisk().map((name) => [name, phaseOf(this.#entries.get(name))])),
    );
  }

  state(name: string): Promise<GuestState> {
    return this.#do(name, () => Promise.resolve());
  }

  async backup(name: string, keep: number): Promise<GuestBackup> {
    const entry = this.#entry(name);
    return this.#inTurn(name, entry, async () => {
      const at = this.#clock.now();
      const file = this.#backups.next(name, at);
      const folder = this.#folderOf(name);
      const content = readRecord(folder);
      const source = { cluster: name, folder, content };
      const copy = (to: string) => this.#copy(name, entry, to);
      const bytes = await writeBackup(file.path, { ...source, copy });
      this.#backups.prune(name, keep);
      return { at, file: file.name, bytes };
    });
  }

  restore(name: string, backup: string): Promise<GuestState> {
    return this.#do(name, async (entry) => {
      const folder = this.#folderOf(name);
      const record = readRecord(folder);
      const keys = this.#keysOf(name);
      const database = nextDatabase(folder, record);
      try {
        const file = join(folder, database);
        const content = await readBackup(this.#backups.find(backup), file);
        const isOther = keysIn(content.keys) !== keys.serviceAccountKey;
        const { ranges } = entry.settings;
        await changeContent({ ...this.#common(name), file, keys, ranges }, async (client) => {
          await renewAddresses(client, ranges);
          if (isOther) await renewTokens(client);
        });
      } catch (error) {
        removeDatabase(folder, database);
        throw error;
      }
      await this.#close(name, entry, false);
      this.#replace(folder, { database, format: GUEST_FORMAT, release: this.#release });
      await this.#openAgain(name, entry);
    });
  }

  upgrade(name: string): Promise<GuestState> {
    return this.#do(name, async (entry) => {
      changeRecord(this.#folderOf(name), ({ held: _held, ...record }) => record);
      entry.failure = undefined;
      await this.#open(name, entry, false);
    });
  }

  rollback(name: string): Promise<GuestState> {
    return this.#do(name, async (entry) => {
      const folder = this.#folderOf(name);
      const { before } = readRecord(folder);
      if (!before) throw noRollback(name);
      await this.#close(name, entry, false);
      const { database } = readRecord(folder);
      const { until: _until, ...content } = before;
      const isOlder = content.release !== this.#release;
      changeRecord(
        folder,
        ({ before: _before, database: _database, release: _release, held: _held, ...record }) => ({
          ...record,
          ...content,
          ...(isOlder ? { held: this.#release } : {}),
        }),
      );
      removeDatabase(folder, database);
      if (isOlder) this.#fail(entry, name, held(name, this.#release));
      else await this.#openAgain(name, entry);
    });
  }

  startRotation(name: string): Promise<GuestState> {
    return this.#do(name, async (entry) => {
      assertServes(name, entry.settings);
      startRotation(this.#folderOf(name));
      await this.#close(name, entry, false);
      const guest = await this.#open(name, entry, false);
      await guest.renewTokens();
    });
  }

  finishRotation(name: string): Promise<GuestState> {
    return this.#do(name, async (entry) => {
      finishRotation(this.#folderOf(name));
      const isAwake = entry.guest !== undefined;
      await this.#close(name, entry, false);
      if (isAwake) await this.#openAgain(name, entry);
    });
  }

  /** Ends all. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#alarms.close();
    const close = async ([name, entry]: readonly [string, Entry]): Promise<void> => {
      await this.#inTurn(name, entry, () => this.#close(name, entry, false)).catch((error: unknown) =>
        // the others are written out all the same
        this.#report(name, error),
      );
    };
    await Promise.all([...this.#entries].map(close));
    this.#options.node?.caller.close();
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
      turn: Promise.resolve(),
    };
    this.#entries.set(name, entry);
    return entry;
  }

  get #release(): string {
    return this.#options.version.gitVersion;
  }

  async #make(name: string, settings: GuestSettings, origin: GuestOrigin | undefined): Promise<void> {
    const { node } = this.#options;
    const fill = this.#filler(name, origin);
    const network = await node?.networks.take(name);
    try {
      const folder = this.#folderOf(name);
      await makeGuest({ ...this.#common(name), folder, settings, network, fill });
    } catch (error) {
      if (network !== undefined) node?.networks.giveBack(network);
      throw error;
    }
  }

  /** Its own backup gives a cluster its keys back; another's, or a cluster, only its objects. */
  #filler(
    name: string,
    { cluster, backup }: GuestOrigin = {},
  ): ((database: string) => Promise<string | undefined>) | undefined {
    if (backup !== undefined) {
      const archive = this.#backups.find(backup);
      return async (database) => {
        const content = await readBackup(archive, database);
        return content.cluster === name ? content.keys : undefined;
      };
    }
    if (cluster === undefined) return undefined;
    const source = this.#entry(cluster);
    return async (database) => {
      await this.#inTurn(cluster, source, () => this.#copy(cluster, source, database));
      return undefined;
    };
  }

  /** Copies all objects to a new file: in its turn. */
  async #copy(name: string, entry: Entry, to: string): Promise<void> {
    const guest = await entry.guest?.catch(() => undefined);
    if (guest) return guest.backup(to);
    const folder = this.#folderOf(name);
    await copyDatabase(databaseOf(folder, readRecord(folder)), to);
    await foldDatabase(to);
  }

  async #configure(name: string, entry: Entry, settings: GuestSettings): Promise<void> {
    const folder = this.#folderOf(name);
    const guest = await entry.guest?.catch(() => undefined);
    const { settings: before } = readRecord(folder);
    if (before.isSandboxed !== settings.isSandboxed) await this.#changeTrust(name, guest, settings);
    if (!deepEqual(before, settings)) changeRecord(folder, (record) => ({ ...record, settings }));
    entry.settings = settings;
    if (revoke(folder, settings.revoked)) guest?.revoke(this.#keysOf(name).revoked);
    guest?.configure(settings);
    if (sleeps(settings)) await this.#close(name, entry);
    else if (guest) this.#planAwake(name, entry, guest);
    else this.#planAsleep(name, readRecord(folder));
    await this.#endPods(name, settings);
  }

  /** Pods that run begin anew, in the other way. */
  async #changeTrust(name: string, guest: Guest | undefined, { isSandboxed }: GuestSettings): Promise<void> {
    guest?.setSandboxed(isSandboxed);
    if (!readRecord(this.#folderOf(name)).hasPods) return;
    await this.#options.node?.caller.endPods(name);
    guest?.setSandboxed(isSandboxed);
  }

  /** In the trash they run no more; had back, they begin anew. */
  async #endPods(name: string, { isDeleted }: GuestSettings): Promise<void> {
    const folder = this.#folderOf(name);
    const { hasPods, podsEnded = false } = readRecord(folder);
    if (!hasPods || podsEnded === isDeleted) return;
    if (isDeleted) await this.#options.node?.caller.endPods(name);
    changeRecord(folder, (record) => ({ ...record, podsEnded: isDeleted }));
  }

  #keysOf(name: string): GuestKeys {
    const keys = readGuestKeys(this.#folderOf(name));
    if (!keys) throw missing(name);
    return keys;
  }

  #common(name: string) {
    const { version, externalAddress, log } = this.#options;
    return { version, externalAddress: `${externalAddress}/clusters/${name}`, log };
  }

  async #open(name: string, entry: Entry, unasked: boolean): Promise<Guest> {
    if (entry.guest) return entry.guest;
    assertServes(name, entry.settings);
    entry.guest = this.#start(name, entry);
    try {
      const guest = await entry.guest;
      entry.failure = undefined;
      this.#planAwake(name, entry, guest);
      if (unasked) this.#tell(name, entry);
      return guest;
    } catch (error) {
      entry.guest = undefined;
      const failure = this.#fail(entry, name, error);
      if (unasked) this.#tell(name, entry);
      throw failure.error;
    }
  }

  /** After a change while it was closed; whoever is paused stays so. */
  async #openAgain(name: string, entry: Entry): Promise<void> {
    entry.failure = undefined;
    if (!sleeps(entry.settings)) await this.#open(name, entry, false);
  }

  async #start(name: string, entry: Entry): Promise<Guest> {
    const folder = this.#folderOf(name);
    const keys = this.#keysOf(name);
    const record = readRecord(folder);
    const start = (file: string) =>
      Guest.open({
        ...this.#common(name),
        name,
        file,
        keys,
        frontProxy: () => frontProxyOf(folder),
        node: this.#nodeOf(name, record),
        isSandboxed: entry.settings.isSandboxed,
        quota: entry.settings.quota,
        machineQuota: entry.settings.machine,
        ranges: entry.settings.ranges,
        nodeRanges: entry.settings.nodeRanges,
        // records of earlier releases have no uid, and get it with the next settings
        pullSecret: this.#options.pullSecret?.(name, () => entry.settings.uid ?? ''),
        // a process that is killed must find those whose pods somebody has to look after
        podsChanged: (hasPods) => this.#remember(name, { hasPods }),
        networkTaken: () => this.#renumber(name, entry),
      });
    if (record.release === this.#release) return start(databaseOf(folder, record));
    return this.#startUpgraded(name, record, start);
  }

  /** Of what an older release wrote a copy is served; when that cannot be, nothing has changed. */
  async #startUpgraded(
    name: string,
    record: GuestRecord,
    start: (file: string) => Promise<Guest>,
  ): Promise<Guest> {
    if (record.held === this.#release) throw held(name, this.#release);
    const folder = this.#folderOf(name);
    const database = nextDatabase(folder, record);
    try {
      await copyDatabase(databaseOf(folder, record), join(folder, database));
    } catch (error) {
      removeDatabase(folder, database);
      throw error;
    }
    try {
      const guest = await start(join(folder, database));
      this.#replace(folder, { database, format: GUEST_FORMAT, release: this.#release });
      this.#options.log.info('a cluster was upgraded', { cluster: name, from: record.release });
      return guest;
    } catch (error) {
      removeDatabase(folder, database);
      this.#remember(name, { held: this.#release });
      throw upgradeFailed(name, this.#release, error);
    }
  }

  /** Makes other objects the cluster's, in one step; what was there is kept for a while. */
  #replace(folder: string, content: Required<GuestContent>): void {
    const { before } = readRecord(folder);
    changeRecord(folder, ({ held: _held, before: _before, database, release, format, ...record }) => ({
      ...record,
      ...content,
      before: {
        format,
        ...(database === undefined ? {} : { database }),
        ...(release === undefined ? {} : { release }),
        until: this.#clock.now() + KEEP_BEFORE_MS,
      },
    }));
    if (before) removeDatabase(folder, before.database);
  }

  #fail(entry: Entry, name: string, error: unknown): Failure {
    entry.failure = failureOf(name, error, this.#clock.now());
    return entry.failure;
  }

  /** Somebody else on the machine has the range of its network by now: it gets another one. */
  #renumber(name: string, entry: Entry): void {
    const { node } = this.#options;
    const move = async (): Promise<void> => {
      await this.#close(name, entry, false);
      const network = await node?.networks.take(name);
      if (network === undefined) return;
      this.#remember(name, { network });
      await this.#open(name, entry, true);
    };
    this.#inTurn(name, entry, move).catch((error: unknown) => this.#report(name, error));
  }

  #remember(name: string, change: Partial<GuestRecord>): void {
    const folder = this.#folderOf(name);
    try {
      changeRecord(folder, (record) => ({ ...record, ...change }));
    } catch (error) {
      this.#report(name, error);
    }
  }

  async #close(name: string, entry: Entry, stopNode = true): Promise<void> {
    const opening = entry.guest;
    entry.guest = undefined;
    const guest = await opening?.catch(() => undefined);
    const folder = this.#folderOf(name);
    if (guest) {
      await guest.working();
      const { wakeAt, lastRequestAt, hasPods } = guest;
      await guest.close({ stopNode });
      this.#forgetBefore(folder);
      changeRecord(folder, ({ wakeAt: _before, ...record }) => ({
        ...record,
        hasPods,
        ...(lastRequestAt === undefined ? {} : { lastRequestAt }),
        ...(wakeAt === undefined ? {} : { wakeAt }),
      }));
    }
    // one that has failed may have a record that nobody can read
    if (entry.failure) this.#alarms.delete(name);
    else this.#planAsleep(name, readRecord(folder));
  }

  #forgetBefore(folder: string): void {
    const { before } = readRecord(folder);
    if (!before || before.until > this.#clock.now()) return;
    changeRecord(folder, ({ before: _before, ...record }) => record);
    removeDatabase(folder, before.database);
  }

  #planAwake(name: string, { settings }: Entry, guest: Guest): void {
    this.#alarms.delete(name);
    if (this.#isClosed || settings.idleMs === 0) return;
    this.#alarms.set(name, Math.max(this.#clock.now(), guest.lastRequestAt ?? 0) + settings.idleMs);
  }

  #planAsleep(name: string, { wakeAt, hasPods, settings }: GuestRecord): void {
    this.#alarms.delete(name);
    if (this.#isClosed || sleeps(settings)) return;
    const at = hasPods ? this.#clock.now() : wakeAt;
    if (at !== undefined) this.#alarms.set(name, at);
  }

  /** Its time has come: to sleep, or to wake. */
  #look(name: string): void {
    if (this.#isClosed) return;
    const look = async (): Promise<void> => {
      const entry = this.#entry(name);
      await this.#inTurn(name, entry, async () => {
        const guest = await entry.guest;
        if (!guest) await this.#open(name, entry, true);
        else if (!this.#maySleep(guest, entry)) this.#planAwake(name, entry, guest);
        else {
          await this.#close(name, entry);
          this.#tell(name, entry);
        }
      });
    };
    look().catch((error: unknown) => this.#report(name, error));
  }

  #nodeOf(name: string, { network: index, settings }: GuestRecord): MachineNode | undefined {
    const { node } = this.#options;
    if (!node || index === undefined) return undefined;
    return {
      name: node.name,
      network: node.networks.network(name, index, settings.ranges),
      caller: node.caller,
      agentSocket: node.agentSocket(index),
    };
  }

  /** Of a cluster that is removed, whatever its pods left on the machine. */
  async #endNode(name: string): Promise<void> {
    const { node } = this.#options;
    const network = this.#networkOf(name);
    if (!node || network === undefined) return;
    await node.caller.stop(name, { end: true }).catch((error: unknown) => {
      // at its next start it ends what is of no cluster
      this.#report(name, error);
    });
    node.networks.giveBack(network);
  }

  #networkOf(name: string): number | undefined {
    try {
      return readRecord(this.#folderOf(name)).network;
    } catch (error) {
      // it is removed all the same; its network is free when nobody uses it any more
      this.#report(name, error);
      return undefined;
    }
  }

  #maySleep(guest: Guest, { settings }: Entry): boolean {
    const now = this.#clock.now();
    const isIdle = guest.connections === 0 && now - (guest.lastRequestAt ?? 0) >= settings.idleMs;
    const isBusySoon = guest.wakeAt !== undefined && guest.wakeAt - now < SHORT_SLEEP_MS;
    return isIdle && !isBusySoon && !guest.hasPods;
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
    const folder = this.#folderOf(name);
    const guest = await entry.guest?.catch(() => undefined);
    const { failure } = entry;
    const lastRequestAt = guest?.lastRequestAt ?? (failure ? undefined : readRecord(folder).lastRequestAt);
    return {
      phase: phaseOf(entry),
      bytes: storedBytes(folder),
      ...(failure ? { message: failure.message, code: failure.code } : {}),
      ...(guest ? { objects: guest.objects } : {}),
      ...(lastRequestAt === undefined ? {} : { lastRequestAt }),
    };
  }

  /** Throws `guest-name`. */
  #folderOf(name: string): string {
    if (!NAME.test(name) || name === HOST_CLUSTER)
      throw new SampanError('guest-name', `${JSON.stringify(name)} cannot name a cluster.`);
    return join(this.#options.folder, name);
  }

  async #do(name: string, task: (entry: Entry) => Promise<unknown>): Promise<GuestState> {
    const entry = this.#entry(name);
    return this.#inTurn(name, entry, async () => {
      await task(entry);
      return this.#stateOf(name, entry);
    });
  }

  async #inTurn<T>(name: string, entry: Entry, task: () => Promise<T>): Promise<T> {
    const done = entry.turn.then(task, task);
    const turn = done.catch(() => {});
    entry.turn = turn;
    try {
      return await done;
    } finally {
      // asleep, and nobody is on the way: what there is to know of it is in its folder
      const isNothing = entry.turn === turn && !entry.guest && !entry.failure;
      if (isNothing && this.#entries.get(name) === entry) this.#entries.delete(name);
    }
  }
}

const phaseOf = (entry: Entry | undefined): GuestState['phase'] =>
  entry?.guest ? 'awake' : entry?.failure ? 'failed' : 'asleep';
