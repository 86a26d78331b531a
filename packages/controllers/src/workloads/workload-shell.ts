import { type KubeObject, StatusError } from '@sampan/api';
import { type Client, type Reconcile, Reconciler, type ResourceRef, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, recorderOf } from '../controller.ts';
import { Expectations } from './expectations.ts';
import { WORKLOADS } from './objects.ts';
import { PodControl } from './pod-control.ts';
import type { SharedInformers } from './shared-informers.ts';
import { SimilarEvents } from './similar-events.ts';

/** What every workload controller has. */
export interface WorkloadShell {
  readonly context: ControllerContext;
  readonly client: Client;
  readonly events: SimilarEvents;
  readonly expectations: Expectations;
  readonly pods: PodControl;
  readonly informers: SharedInformers;
}

/** `name`: upstream's, which events and field managers show. */
export function workloadShell(
  context: ControllerContext,
  informers: SharedInformers,
  name: string,
): WorkloadShell {
  const client = context.client(name);
  const { clock } = context;
  const recorder = recorderOf(context, client, name);
  const events = new SimilarEvents(recorder, clock);
  const expectations = new Expectations(clock);
  const pods = new PodControl({ client, events, expectations });
  return { context, client, events, expectations, pods, informers };
}

/**
 * A controller of the shell that reconciles the keys that `follow` enqueues, and those that were refused when a quota
 * of their namespace changes.
 */
export function runWorkload(
  { context, events, informers }: WorkloadShell,
  name: string,
  reconcile: Reconcile,
  follow: (reconciler: Reconciler) => void,
): Controller {
  const refused = new Set<string>();
  const reconciler = new Reconciler({
    name,
    clock: context.clock,
    log: context.log,
    async reconcile(key) {
      try {
        const result = await reconcile(key);
        refused.delete(key);
        return result;
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'Forbidden') refused.add(key);
        throw error;
      }
    },
  });
  follow(reconciler);
  // what was refused need not wait for its next try when there is room
  informers.of(WORKLOADS.quotas).onChange(({ object }) => {
    for (const key of refused) {
      if (splitKey(key).namespace === object.metadata.namespace) reconciler.enqueue(key);
    }
  });
  return {
    synced: informers.synced().then(() => reconciler.start()),
    settled: () => reconciler.settled(),
    async stop() {
      await reconciler.stop();
      events.stop();
    },
  };
}

/** The earlier of several times to look again, for a reconcile to return. */
export function again(...times: readonly (number | undefined)[]): { afterMs: number } | undefined {
  const known = times.filter((time) => time !== undefined && time > 0) as number[];
  // a little later than due: clocks are read again then
  return known.length === 0 ? undefined : { afterMs: Math.min(...known) + 1 };
}

/** What work failed with; undefined when it did not. For what must be told of before it is thrown on. */
export function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error ?? new Error('failed without a reason'),
  );
}

/** Writes an object's status; one that is gone needs none. */
export async function writeStatus(client: Client, ref: ResourceRef, object: KubeObject): Promise<void> {
  await client.update(ref, object, { subresource: 'status' }).catch(ignore('NotFound'));
}

export const uidOf = (object: KubeObject): string => object.metadata.uid ?? '';
