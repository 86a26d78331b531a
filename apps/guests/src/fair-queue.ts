import { SampanError } from '@sampan/base';

/** What one cluster may have of the process. */
export interface FairLimits {
  /** Requests that are being answered at once; more wait. */
  readonly inFlight: number;
  /** Requests that wait; more are refused. */
  readonly waiting: number;
  /** Watches and other streams that are open; more are refused. They wait for their turn, but keep none from theirs. */
  readonly streams: number;
  /** Milliseconds that one cluster's requests may take before all others get their turn. */
  readonly sliceMs: number;
}

export const FAIR_LIMITS: FairLimits = { inFlight: 128, waiting: 512, streams: 2000, sliceMs: 4 };

/** Somebody who asks. */
export interface Asker {
  readonly cluster: string;
  /** Tells the users of a cluster apart; need not be verified: who lies only waits behind himself. */
  readonly user: string;
  /** A watch, log or other connection that stays. */
  readonly isStream: boolean;
  /** Requests a second that the cluster may get; undefined: as many as there is room for. */
  readonly perSecond: number | undefined;
}

/** Answers a request; resolves when that is over. */
type Task = () => Promise<void>;

/** The requests of one cluster. */
interface Lane {
  readonly cluster: string;
  /** By user, in the order of their turns. */
  readonly waiting: Map<string, Task[]>;
  length: number;
  inFlight: number;
  streams: number;
  /** Began in this turn of the event loop. */
  begun: number;
  /** Milliseconds that one request takes of the process, as it was lately. */
  cost: number;
}

/**
 * Shares the process among clusters, and a cluster among its users: in each turn of the event loop every cluster that
 * has requests waiting gets as many begun as fit into a slice of time, at least one, and its users take turns. A
 * request that finds nobody of its cluster waiting begins at once. Who floods is refused: `too-many-requests`.
 */
export class FairQueue {
  readonly #limits: FairLimits;
  readonly #lanes = new Map<string, Lane>();
  /** By cluster: those with `perSecond`, while they are used. */
  readonly #allowances = new Map<string, Allowance>();
  #turnBegan: number | undefined;

  constructor(limits: FairLimits = FAIR_LIMITS) {
    this.#limits = limits;
  }

  /** Runs `task` when it is its turn; resolves when it is over. Throws `too-many-requests` without running it. */
  run(asker: Asker, task: Task): Promise<void> {
    this.#admit(asker);
    const lane = this.#lane(asker.cluster);
    const count = asker.isStream ? 'streams' : 'inFlight';
    if (asker.isStream && lane.streams >= this.#limits.streams)
      throw tooMany('too many watches of this cluster are open');
    if (lane.length === 0 && this.#mayBegin(lane)) return this.#begin(lane, count, task);
    if (lane.length >= this.#limits.waiting) throw tooMany('too many requests to this cluster are waiting');
    return new Promise((resolve, reject) => {
      const begin: Task = () => this.#begin(lane, count, task).then(resolve, reject);
      const own = lane.waiting.get(asker.user);
      if (own) own.push(begin);
      else lane.waiting.set(asker.user, [begin]);
      lane.length++;
      this.#armTurn();
    });
  }

  /** Throws `too-many-requests`. */
  #admit({ cluster, perSecond }: Asker): void {
    if (perSecond === undefined) {
      this.#allowances.delete(cluster);
      return;
    }
    let allowance = this.#allowances.get(cluster);
    if (allowance?.perSecond !== perSecond) {
      allowance = new Allowance(perSecond);
      this.#allowances.set(cluster, allowance);
    }
    if (!allowance.take(performance.now()))
      throw tooMany(`the cluster may get ${perSecond} requests a second (spec.quota of its Cluster)`);
  }

  #lane(cluster: string): Lane {
    return this.#lanes.getOrInsertComputed(cluster, () => ({
      cluster,
      waiting: new Map(),
      length: 0,
      inFlight: 0,
      streams: 0,
      begun: 0,
      // until it is known: one in a turn
      cost: this.#limits.sliceMs,
    }));
  }

  #mayBegin(lane: Lane): boolean {
    const { inFlight, sliceMs } = this.#limits;
    return lane.inFlight < inFlight && (lane.begun === 0 || (lane.begun + 1) * lane.cost <= sliceMs);
  }

  async #begin(lane: Lane, count: 'inFlight' | 'streams', task: Task): Promise<void> {
    lane.begun++;
    lane[count]++;
    this.#armTurn();
    try {
      await task();
    } finally {
      lane[count]--;
      if (lane.length > 0) this.#armTurn();
      else this.#forget(lane);
    }
  }

  /** The turn ends when all that is ready now has been done: that is the time that the requests took. */
  #armTurn(): void {
    if (this.#turnBegan !== undefined) return;
    this.#turnBegan = performance.now();
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#account(performance.now() - (this.#turnBegan ?? 0));
    this.#turnBegan = undefined;
    for (const lane of this.#lanes.values()) {
      while (lane.length > 0 && this.#mayBegin(lane)) void take(lane)();
      // one that waits for what is in flight is looked at when that is over
      if (lane.length > 0 && lane.inFlight < this.#limits.inFlight) this.#armTurn();
    }
  }

  #account(ms: number): void {
    let begun = 0;
    for (const lane of this.#lanes.values()) begun += lane.begun;
    if (begun === 0) return;
    for (const lane of this.#lanes.values()) {
      if (lane.begun === 0) continue;
      // quick to believe that requests are dear, slow to believe that they are cheap
      const cost = ms / begun;
      lane.cost = cost > lane.cost ? cost : 0.8 * lane.cost + 0.2 * cost;
      lane.begun = 0;
      this.#forget(lane);
    }
  }

  #forget(lane: Lane): void {
    if (lane.length + lane.inFlight + lane.streams + lane.begun === 0) this.#lanes.delete(lane.cluster);
  }
}

/** The next task of the user whose turn it is. */
function take(lane: Lane): Task {
  for (const [user, tasks] of lane.waiting) {
    const task = tasks.shift();
    lane.waiting.delete(user);
    // behind all others
    if (tasks.length > 0) lane.waiting.set(user, tasks);
    lane.length--;
    if (task) return task;
  }
  throw new Error('nobody waits');
}

/** So many a second, two seconds' worth at once. */
class Allowance {
  readonly perSecond: number;
  #left: number;
  #at: number | undefined;

  constructor(perSecond: number) {
    this.perSecond = perSecond;
    this.#left = 2 * perSecond;
  }

  /** `now` in milliseconds, of a clock that only goes on. */
  take(now: number): boolean {
    const gained = ((now - (this.#at ?? now)) * this.perSecond) / 1000;
    this.#at = now;
    this.#left = Math.min(2 * this.perSecond, this.#left + gained);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

const tooMany = (message: string): SampanError =>
  new SampanError('too-many-requests', message, { hint: 'Try again in a second.' });
