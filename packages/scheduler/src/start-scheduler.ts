import { hostname } from 'node:os';
import type { KubeObject } from '@sampan/api';
import { type Clock, type Logger, silentLogger, systemClock } from '@sampan/base';
import { type Client, EventRecorder, Informer, keyOf, type ResourceRef } from '@sampan/machinery';
import { CarryOut } from './carry-out.ts';
import { RESOURCES } from './refs.ts';
import { SchedulerCore } from './scheduler-core.ts';
import type { Claim, Pod } from './types.ts';
import { VolumeBinder } from './volume-binder.ts';

export interface SchedulerOptions {
  readonly client: Client;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Pods that name another scheduler are left alone. Default `default-scheduler`. */
  readonly schedulerName?: string;
  /** `reportingInstance` of events; default `SCHEDULERNAME-HOSTNAME`. */
  readonly instance?: string;
}

/** A scheduler that runs. */
export interface Scheduler {
  /** Resolves when it has seen the present state and works. */
  readonly synced: Promise<void>;
  /** Ends it; resolves when what it was doing is done. May be called twice. */
  stop(): Promise<void>;
}

/** Writes that may be under way at once; more only make each later. */
const MOST_WRITES = 256;
/** Others get their turn after so long. */
const SLICE_MS = 5;

/**
 * Puts the pods of a cluster on its nodes. Only speaks the Kubernetes API and is driven by events. All that it knows
 * it reads from there: it may be stopped at any time and started anew.
 */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const { client, clock = systemClock, log = silentLogger, schedulerName = 'default-scheduler' } = options;
  const core = new SchedulerCore({ now: () => clock.now(), schedulerName });
  const informers = new Map<ResourceRef, Informer<KubeObject>>();
  const follow = <T extends KubeObject>(ref: ResourceRef): Informer<T> => {
    const informer = new Informer<T>({ client, ref, clock, log });
    informers.set(ref, informer as unknown as Informer<KubeObject>);
    return informer;
  };
  const claims = follow<Claim>(RESOURCES.claims);
  for (const ref of FOLLOWED) follow(ref);
  const recorder = new EventRecorder({
    client,
    clock,
    log,
    controller: schedulerName,
    instance: options.instance ?? `${schedulerName}-${hostname()}`,
  });
  const volumes = new VolumeBinder({ client, clock, claims });
  const loop = new Loop(core, clock);
  const carryOut = new CarryOut({ client, clock, log, core, recorder, volumes, schedulerName });
  loop.carryOut = (decision) => carryOut.carryOut(decision);

  const synced = start();
  let stopping: Promise<void> | undefined;
  return {
    synced,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };

  async function start(): Promise<void> {
    for (const informer of informers.values()) informer.start();
    await Promise.all([...informers.values()].map((informer) => informer.synced()));
    // pods last: they are judged by all the others
    for (const [ref, informer] of [...informers].sort(([a], [b]) => rank(a) - rank(b))) {
      const handler = HANDLERS.get(ref);
      if (!handler) throw new Error(`nobody looks at ${ref.resource}`);
      informer.onChange(({ type, object }) => {
        try {
          if (type === 'deleted') handler.remove(core, object);
          else handler.put(core, object);
        } catch (error) {
          // an object that this code cannot cope with is as if it were not there; the server lives on
          log.error('an object could not be read', {
            kind: ref.kind,
            object: keyOf(object),
            error: String(error),
          });
        }
        loop.kick();
      });
    }
    loop.start();
  }

  async function stop(): Promise<void> {
    for (const informer of informers.values()) informer.stop();
    volumes.stop();
    await loop.stop();
    recorder.stop();
  }
}

const rank = (ref: ResourceRef): number => (ref === RESOURCES.pods ? 1 : 0);

interface Handler {
  put(core: SchedulerCore, object: KubeObject): void;
  remove(core: SchedulerCore, object: KubeObject): void;
}

const nameOf = ({ metadata }: KubeObject): string => metadata.name ?? '';
const namespaceOf = ({ metadata }: KubeObject): string => metadata.namespace ?? '';

/** What the core is told of; objects are as their resource says. */
const HANDLERS: ReadonlyMap<ResourceRef, Handler> = new Map<ResourceRef, Handler>([
  [
    RESOURCES.namespaces,
    {
      put: (core, object) => core.putNamespace(object),
      remove: (core, object) => core.removeNamespace(nameOf(object)),
    },
  ],
  [
    RESOURCES.nodes,
    {
      put: (core, object) => core.putNode(object),
      remove: (core, object) => core.removeNode(nameOf(object)),
    },
  ],
  [
    RESOURCES.claims,
    {
      put: (core, object) => core.putClaim(object),
      remove: (core, object) => core.removeClaim(namespaceOf(object), nameOf(object)),
    },
  ],
  [
    RESOURCES.volumes,
    {
      put: (core, object) => core.putVolume(object),
      remove: (core, object) => core.removeVolume(nameOf(object)),
    },
  ],
  [
    RESOURCES.storageClasses,
    {
      put: (core, object) => core.putStorageClass(object as Parameters<typeof core.putStorageClass>[0]),
      remove: (core, object) => core.removeStorageClass(nameOf(object)),
    },
  ],
  [
    RESOURCES.csiNodes,
    {
      put: (core, object) => core.putCSINode(object),
      remove: (core, object) => core.removeCSINode(nameOf(object)),
    },
  ],
  [
    RESOURCES.budgets,
    {
      put: (core, object) => core.putBudget(object),
      remove: (core, object) => core.removeBudget(namespaceOf(object), nameOf(object)),
    },
  ],
  [
    RESOURCES.pods,
    {
      put: (core, object) => core.putPod(object as Pod),
      remove: (core, object) => core.removePod(object as Pod),
    },
  ],
]);

const FOLLOWED = [...HANDLERS.keys()].filter((ref) => ref !== RESOURCES.claims);

type Taken = { readonly isSlow: boolean; readonly done: Promise<void> };

/** Takes decisions and has them carried out, a slice at a time and not too many at once. */
class Loop {
  carryOut: (decision: NonNullable<ReturnType<SchedulerCore['next']>>) => Taken = () => {
    throw new Error('nobody carries out decisions');
  };
  readonly #core: SchedulerCore;
  readonly #clock: Clock;
  readonly #running = new Set<Promise<void>>();
  #writes = 0;
  #state: 'new' | 'on' | 'off' = 'new';
  #isDue = false;
  #cancel: () => void = () => {};

  constructor(core: SchedulerCore, clock: Clock) {
    this.#core = core;
    this.#clock = clock;
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'on';
    this.kick();
  }

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
      this.#take(this.carryOut(decision));
      if (this.#clock.monotonic() < end) continue;
      this.kick();
      return;
    }
    if (at !== undefined) this.#cancel = this.#clock.schedule(() => this.kick(), at - this.#clock.now());
  }

  #take({ done, isSlow }: Taken): void {
    if (!isSlow) this.#writes++;
    const finished = done.finally(() => {
      if (!isSlow) this.#writes--;
      this.#running.delete(finished);
      this.kick();
    });
    this.#running.add(finished);
  }
}
