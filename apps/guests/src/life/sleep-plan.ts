import type { Clock } from '@sampan/base';
import { Alarms } from '../alarms.ts';
import type { Guest } from '../guest.ts';
import { sleeps } from '../guest-failure.ts';
import type { GuestRecord } from '../guest-record.ts';
import type { Entry } from './entry.ts';

/** What is due sooner is not worth a sleep. */
const SHORT_SLEEP_MS = 30_000;

/** When to look at each cluster next: whether it may sleep, or must wake. */
export class SleepPlan {
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  #isClosed = false;

  /** `look` is called when its time has come; it must not throw. */
  constructor(clock: Clock, look: (name: string) => void) {
    this.#clock = clock;
    this.#alarms = new Alarms(clock, look);
  }

  /** Nobody is looked at any more. */
  close(): void {
    this.#isClosed = true;
    this.#alarms.close();
  }

  forget(name: string): void {
    this.#alarms.delete(name);
  }

  awake({ name, settings }: Entry, guest: Guest): void {
    this.#alarms.delete(name);
    if (this.#isClosed || settings.idleMs === 0) return;
    this.#alarms.set(name, Math.max(this.#clock.now(), guest.lastRequestAt ?? 0) + settings.idleMs);
  }

  asleep(name: string, { wakeAt, hasPods, settings }: GuestRecord): void {
    this.#alarms.delete(name);
    if (this.#isClosed || sleeps(settings)) return;
    const at = hasPods ? this.#clock.now() : wakeAt;
    if (at !== undefined) this.#alarms.set(name, at);
  }

  maySleep({ settings }: Entry, guest: Guest): boolean {
    const now = this.#clock.now();
    const isIdle = guest.connections === 0 && now - (guest.lastRequestAt ?? 0) >= settings.idleMs;
    const isBusySoon = guest.wakeAt !== undefined && guest.wakeAt - now < SHORT_SLEEP_MS;
    return isIdle && !isBusySoon && !guest.hasPods;
  }
}
