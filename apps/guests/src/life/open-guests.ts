import { type Clock, deepEqual, messageOf, SampanError, systemClock } from '@sampan/base';
import type { GuestState } from '@sampan/clusters';
import type { Guest } from '../guest.ts';
import { assertServes, type Failure, failureOf, mayPass, sleeps } from '../guest-failure.ts';
import {
  changeRecord,
  DEFAULT_SETTINGS,
  type GuestRecord,
  readRecord,
  storedBytes,
  writeRecord,
} from '../guest-record.ts';
import { awake, type Entry, phaseOf } from './entry.ts';
import { GuestBook } from './guest-book.ts';
import { forgetBefore } from './kept-content.ts';
import type { GuestsOptions } from './options.ts';
import { SleepPlan } from './sleep-plan.ts';
import { startGuest } from './start-guest.ts';

/** Opens and closes clusters: when they are asked for, when nobody does any more, and when their time has come. */
export class OpenGuests {
  readonly options: GuestsOptions;
  readonly clock: Clock;
  readonly book: GuestBook;
  readonly plan: SleepPlan;
  /** Names of those whose settings may be others by now. */
  readonly restored = new Set<string>();
  #isClosed = false;

  constructor(options: GuestsOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.book = new GuestBook(options.folder);
    this.plan = new SleepPlan(this.clock, (name) => this.#look(name));
  }

  get release(): string {
    return this.options.version.gitVersion;
  }

  /** One that is on disk, at the start: it is woken by its own plan only. */
  find(name: string): void {
    try {
      const record = readRecord(this.book.folderOf(name));
      if (record.isRestored) this.restored.add(name);
      if (record.network !== undefined) this.options.node?.networks.reserve(record.network);
      this.plan.asleep(name, record);
    } catch (error) {
      this.fail(this.book.add(name, DEFAULT_SETTINGS), error);
    }
  }

  /** One that serves, woken when it sleeps. Throws `guest-missing`, `guest-paused`, `guest-deleted`, `guest-failed`. */
  async use(name: string, cut: () => void): Promise<{ readonly guest: Guest; readonly end: () => void }> {
    for (;;) {
      const entry = this.book.entry(name);
      const { failure } = entry;
      if (failure && !mayPass(failure, this.clock.now())) throw failure.error;
      assertServes(name, entry.settings);
      entry.users++;
      try {
        const guest = await (entry.guest ?? this.book.inTurn(entry, () => this.open(entry, true)));
        // somebody may have had it close in between
        if (guest.isOpen) return { guest, end: guest.begin(cut) };
      } finally {
        entry.users--;
      }
    }
  }

  /** In its turn. `unasked`: by no call. Throws `guest-paused`, `guest-deleted`, `guest-failed`, `guests-gone`. */
  async open(entry: Entry, unasked: boolean): Promise<Guest> {
    if (this.#isClosed) throw ended();
    if (entry.guest) return entry.guest;
    assertServes(entry.name, entry.settings);
    entry.guest = this.#start(entry);
    try {
      const guest = await entry.guest;
      entry.failure = undefined;
      this.plan.awake(entry, guest);
      if (unasked) this.#tell(entry);
      return guest;
    } catch (error) {
      entry.guest = undefined;
      const failure = this.fail(entry, error);
      if (unasked) this.#tell(entry);
      throw failure.error;
    }
  }

  /** After a change while it was closed; whoever is paused stays so. */
  async openAgain(entry: Entry): Promise<void> {
    entry.failure = undefined;
    if (!sleeps(entry.settings)) await this.open(entry, false);
  }

  /** In its turn. `stopNode`: nor does the machine work for it any more. */
  async close(entry: Entry, stopNode = true): Promise<void> {
    const opening = awake(entry);
    entry.guest = undefined;
    const guest = await opening;
    const { name, folder } = entry;
    if (guest) {
      await guest.working();
      const { wakeAt, lastRequestAt, hasPods } = guest;
      await guest.close({ stopNode });
      forgetBefore(folder, this.clock.now());
      changeRecord(folder, ({ wakeAt: _before, ...record }) => ({
        ...record,
        hasPods,
        ...(lastRequestAt === undefined ? {} : { lastRequestAt }),
        ...(wakeAt === undefined ? {} : { wakeAt }),
      }));
    }
    // one that has failed may have a record that nobody can read
    if (entry.failure) this.plan.forget(name);
    else this.plan.asleep(name, readRecord(folder));
  }

  /** Ends all; nobody is woken any more. */
  async closeAll(): Promise<void> {
    this.#isClosed = true;
    this.plan.close();
    const close = (entry: Entry): Promise<void> =>
      this.book
        .inTurnOr(entry, () => this.close(entry, false))
        // the others are written out all the same
        .catch((error: unknown) => this.report(entry.name, error));
    await Promise.all(this.book.entries.map(close));
  }

  fail(entry: Entry, error: unknown): Failure {
    entry.failure = failureOf(entry.name, error, this.clock.now());
    return entry.failure;
  }

  report(name: string, error: unknown): void {
    this.options.log.error('a cluster failed', { cluster: name, error: messageOf(error) });
  }

  async stateOf(entry: Entry): Promise<GuestState> {
    const guest = await awake(entry);
    const { failure, folder } = entry;
    const lastRequestAt = guest?.lastRequestAt ?? (failure ? undefined : readRecord(folder).lastRequestAt);
    return {
      phase: phaseOf(entry),
      bytes: storedBytes(folder),
      ...(failure ? { message: failure.message, code: failure.code } : {}),
      ...(guest ? { objects: guest.objects, nodes: guest.nodes } : {}),
      ...(lastRequestAt === undefined ? {} : { lastRequestAt }),
    };
  }

  async #start(entry: Entry): Promise<Guest> {
    return startGuest(
      {
        ...this.options,
        now: this.clock.now(),
        remember: (change) => this.#remember(entry, change),
        nodesChanged: () => this.#tell(entry),
        // a process that is killed must find those whose pods somebody has to look after
        podsChanged: (hasPods) => this.#remember(entry, { hasPods }),
        planned: this.#planner(entry),
        networkTaken: () => this.#renumber(entry),
      },
      entry,
    );
  }

  /** A process that is killed must find out what was planned first; what is over has a look at the rest. */
  #planner(entry: Entry): (at: number) => void {
    let { wakeAt } = readRecord(entry.folder);
    return (at) => {
      if (wakeAt !== undefined && wakeAt <= at) return;
      wakeAt = at;
      this.#remember(entry, { wakeAt });
    };
  }

  /** Its time has come: to sleep, or to wake. */
  #look(name: string): void {
    if (this.#isClosed) return;
    const look = async (): Promise<void> => {
      const entry = this.book.entry(name);
      await this.book.inTurn(entry, () => this.#sleepOrWake(entry));
    };
    look().catch((error: unknown) => {
      if (!isOver(error)) this.report(name, error);
    });
  }

  async #sleepOrWake(entry: Entry): Promise<void> {
    const guest = await entry.guest;
    if (!guest) {
      await this.open(entry, true);
      return;
    }
    // before, nothing is known of what they plan
    await guest.working();
    if (entry.users > 0 || !this.plan.maySleep(entry, guest)) this.plan.awake(entry, guest);
    else {
      await this.close(entry);
      this.#tell(entry);
    }
  }

  /** Somebody else on the machine has the range of its network by now: it gets another one. */
  #renumber(entry: Entry): void {
    const { networks } = this.options.node ?? {};
    const { guest } = entry;
    const move = async (): Promise<void> => {
      // told more than once, or closed since: the next to open it finds out by itself
      if (entry.guest !== guest) return;
      await this.close(entry, false);
      const network = await networks?.take(entry.name);
      if (network === undefined) return;
      this.#remember(entry, { network });
      await this.open(entry, true);
    };
    this.book.inTurn(entry, move).catch((error: unknown) => {
      if (!isOver(error)) this.report(entry.name, error);
    });
  }

  #remember({ name, folder }: Entry, change: Partial<GuestRecord>): void {
    try {
      const record = readRecord(folder);
      const changed = { ...record, ...change };
      if (!deepEqual(record, changed)) writeRecord(folder, changed);
    } catch (error) {
      this.report(name, error);
    }
  }

  #tell(entry: Entry): void {
    this.stateOf(entry).then(
      (state) => this.options.changed?.(entry.name, state),
      (error: unknown) => this.report(entry.name, error),
    );
  }
}

const ended = (): SampanError =>
  new SampanError('guests-gone', 'What holds the clusters is ending.', {
    hint: 'It is started again by itself; try again in a moment.',
  });

/** Of clusters that were removed, put into the trash or paused before their turn came, or all end. */
const OVER = ['guest-missing', 'guest-deleted', 'guest-paused', 'guests-gone'];

/** There is nothing left to be done for a cluster. */
const isOver = (error: unknown): boolean => error instanceof SampanError && OVER.includes(error.code);
