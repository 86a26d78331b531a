import { hostname } from 'node:os';
import type { KubeObject } from '@sampan/api';
import { type Clock, type Logger, silentLogger, systemClock } from '@sampan/base';
import { type Client, EventRecorder, Informer, keyOf, type ResourceRef } from '@sampan/machinery';
import { CarryOut } from './carry-out.ts';
import { DecisionLoop } from './decision-loop.ts';
import { FEED } from './feed.ts';
import { RESOURCES } from './refs.ts';
import { SchedulerCore } from './scheduler-core.ts';
import type { Claim } from './types.ts';
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
  const carryOut = new CarryOut({ client, clock, log, core, recorder, volumes, schedulerName });
  const loop = new DecisionLoop(core, clock, (decision) => carryOut.carryOut(decision));

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
      const handler = FEED.get(ref);
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

const FOLLOWED = [...FEED.keys()].filter((ref) => ref !== RESOURCES.claims);
