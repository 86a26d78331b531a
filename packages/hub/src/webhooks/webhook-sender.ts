import { type Clock, type Logger, messageOf } from '@sampan/base';
import { Backoff, type BackoffOptions } from '@sampan/machinery';
import type { Records } from '@sampan/records';
import type { HubEvent } from '../events/event.ts';
import type { HubTables } from '../metadata/schema.ts';
import { type Delivery, dueDeliveries, nextDue, pruneDeliveries, recordTry } from './delivery-records.ts';
import { PAYLOAD_TYPE, payloadOf } from './payload.ts';
import { decideDelivery, isTaken } from './retry.ts';
import { type Answer, send } from './send.ts';
import { signatureHeaders } from './signature.ts';
import type { WebhookTarget } from './target.ts';

/** Tries at once of one webhook; one only while its receiver fails. */
const AT_ONCE = 4;

/** Between tries of whatever delivery while the receiver fails: a heap of them does not fall upon it. */
const FAILING: BackoffOptions = { initialMs: 1000, maxMs: 60_000, factor: 2, jitter: 0.25 };

/** How long and how many deliveries that ended are kept to look at and replay. */
const KEPT_MS = 7 * 24 * 60 * 60_000;
const KEPT = 1000;
/** After so many tries. */
const PRUNE_EVERY = 100;

interface WebhookSenderOptions {
  readonly records: Records<HubTables>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A try was written down. */
  readonly onTry: () => void;
}

/** Sends one webhook's deliveries as they become due, until `close`. */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #backoff = new Backoff(FAILING);
  readonly #end = new AbortController();
  /** By the delivery's id. */
  readonly #trying = new Map<string, Promise<void>>();
  #target: WebhookTarget;
  #running: Promise<void> | undefined;
  #woken = false;
  #wake: () => void = () => undefined;
  /** Of the receiver, as it was known at the last try. */
  #failing = false;
  /** Nothing is tried before, on the monotonic clock. */
  #pausedUntil = 0;
  /** Counts reasons to hope: what was begun before one of them says nothing of what comes after. */
  #hopes = 0;
  #tried = PRUNE_EVERY;

  constructor(target: WebhookTarget, options: WebhookSenderOptions) {
    this.#target = target;
    this.#options = options;
    this.wake();
  }

  get target(): WebhookTarget {
    return this.#target;
  }

  /** Sends to another address or with another key from the next try on. */
  retarget(target: WebhookTarget): void {
    this.#target = target;
    this.hurry();
  }

  /** There may be something to send. A receiver that fails gets its pause nevertheless. */
  wake(): void {
    this.#woken = true;
    this.#wake();
    if (!this.#end.signal.aborted) this.#running ??= this.#run();
  }

  /** There is reason to hope that what failed before goes well now. */
  hurry(): void {
    this.#hopes += 1;
    this.#goesWell();
    this.wake();
  }

  /** Breaks off what is under way, to be tried by the next process. May be called twice. */
  async close(): Promise<void> {
    this.#end.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      this.#woken = false;
      const pause = await this.#begin().catch((thrown) => {
        this.#complain(thrown);
        return this.#backoff.next();
      });
      if (!this.#woken) await this.#sleep(pause);
    }
    await Promise.all(this.#trying.values());
  }

  /** Begins to try what is due; how long until there is more, milliseconds. Undefined: until something wakes it. */
  async #begin(): Promise<number | undefined> {
    const { records, clock } = this.#options;
    const { name, held, disabled } = this.#target;
    if (held !== undefined || disabled) return undefined;
    const pause = this.#pausedUntil - clock.monotonic();
    if (pause > 0) return pause;
    const now = clock.now();
    const places = (this.#failing ? 1 : AT_ONCE) - this.#trying.size;
    // the end of a try wakes it
    if (places <= 0) return undefined;
    // those whose try ends while this is read may still be told as due
    const tried = new Set(this.#trying.keys());
    const due = await dueDeliveries(records.read, name, now, places + tried.size);
    for (const delivery of due.filter(({ id }) => !tried.has(id)).slice(0, places)) {
      this.#trying.set(delivery.id, this.#try(delivery));
    }
    const next = await nextDue(records.read, name, now);
    return next === undefined ? undefined : next - now;
  }

  async #try(delivery: Delivery): Promise<void> {
    const hopes = this.#hopes;
    try {
      const taken = await this.#attempt(delivery, hopes);
      if (taken) this.#goesWell();
      else if (hopes === this.#hopes) this.#goesWrong();
    } catch (thrown) {
      this.#complain(thrown);
      this.#goesWrong();
    }
    this.#trying.delete(delivery.id);
    this.wake();
  }

  #goesWell(): void {
    this.#failing = false;
    this.#pausedUntil = 0;
    this.#backoff.reset();
  }

  /** Of several that fail together one makes the pause longer. */
  #goesWrong(): void {
    const now = this.#options.clock.monotonic();
    this.#failing = true;
    if (this.#pausedUntil <= now) this.#pausedUntil = now + this.#backoff.next();
  }

  #complain(thrown: unknown): void {
    this.#options.logger.warn('deliveries wait', { webhook: this.#target.name, error: messageOf(thrown) });
  }

  /** Tries once and writes down what came of it; whether it was taken. What there is hope for since is due at once. */
  async #attempt(delivery: Delivery, hopes: number): Promise<boolean> {
    const { records, clock, onTry } = this.#options;
    const start = clock.monotonic();
    const answer = await this.#send(delivery);
    // broken off by the end of this process: no try
    if (this.#end.signal.aborted) return false;
    const now = clock.now();
    const decision = decideDelivery(delivery, answer, now, Math.random());
    const outcome = {
      ...decision,
      next: hopes === this.#hopes ? decision.next : now,
      last: now,
      code: answer.code ?? null,
      error: answer.error ?? null,
      duration: Math.round(clock.monotonic() - start),
    };
    await records.write((to) => recordTry(to, delivery, outcome));
    onTry();
    await this.#prune();
    return isTaken(answer);
  }

  #send(delivery: Delivery): Promise<Answer> {
    const { url, ca, allowed, key } = this.#target;
    const event = JSON.parse(delivery.body) as HubEvent;
    const body = payloadOf(event);
    const headers = {
      'content-type': PAYLOAD_TYPE,
      'user-agent': 'sampan-hub',
      ...signatureHeaders({ id: event.id, time: this.#options.clock.now(), body }, key),
    };
    return send({ url, ca, allowed, headers, body }, this.#end.signal);
  }

  async #prune(): Promise<void> {
    const { records, clock } = this.#options;
    this.#tried += 1;
    if (this.#tried < PRUNE_EVERY) return;
    this.#tried = 0;
    await records.write((to) => pruneDeliveries(to, this.#target.name, clock.now() - KEPT_MS, KEPT));
  }

  #sleep(pause: number | undefined): Promise<void> {
    if (this.#end.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = pause === undefined ? () => undefined : this.#options.clock.schedule(resolve, pause);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
