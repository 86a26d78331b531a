import type { Clock } from '@sampan/base';
import type { Decision } from './decision.ts';
import type { SchedulerCore } from './scheduler-core.ts';

/** What carries out a decision. `isSlow`: it waits for others, maybe for minutes. `done` never rejects. */
export type CarryOutDecision = (decision: Decision) => {
  readonly isSlow: boolean;
  readonly done: Promise<void>;
};

/** Writes that may be under way at once; more only make each later. */
const MOST_WRITES = 256;
/** Others get their turn after so long. */
const SLICE_MS = 5;

/** Takes decisions and has them carried out, a slice at a time and not too many at once. */
export class DecisionLoop {
  readonly #core: SchedulerCore;
  readonly #clock: Clock;
  readonly #carryOut: CarryOutDecision;
  readonly #running = new Set<Promise<void>>();
  #writes = 0;
  #state: 'new' | 'on' | 'off' = 'new';
  #isDue = false;
  #cancel: () => void = () => {};

  constructor(core: SchedulerCore, clock: Clock, carryOut: CarryOutDecision) {
    this.#core = core;
    this.#clock = clock;
    this.#carryOut = carryOut;
  }

  /** Does nothing after `stop`. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'on';
    this.kick();
  }

  /** Takes no more decisions; resolves when those taken are carried out. */
  async stop(): Promise<void> {
    this.#state = 'off';
    this.#cancel();
    await Promise.all(this.#running);
  }

  /** There may be something to decide. */
  kick(): void {
    if (this.#isDue || this.#state !== 'on') return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#state !== 'on') return;
    this.#cancel();
    const at = this.#core.wake();
    const end = this.#clock.monotonic() + SLICE_MS;
    while (this.#writes < MOST_WRITES) {
      const decision = this.#core.next();
      if (decision === undefined) break;
      this.#take(decision);
      if (this.#clock.monotonic() < end) continue;
      this.kick();
      return;
    }
    if (at !== undefined) this.#cancel = this.#clock.schedule(() => this.kick(), at - this.#clock.now());
  }

  #take(decision: Decision): void {
    const { done, isSlow } = this.#carryOut(decision);
    if (!isSlow) this.#writes++;
    const finished = done.finally(() => {
      if (!isSlow) this.#writes--;
      this.#running.delete(finished);
      this.kick();
    });
    this.#running.add(finished);
  }
}
