import { keyOf, Reconciler, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore } from '../controller.ts';
import { timeOf } from '../workloads/pod-state.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { again } from '../workloads/workload-shell.ts';
import { conditionOf, JOBS, type Job } from './objects.ts';

const NAME = 'ttl-after-finished-controller';

/** When a Job that ended is to be deleted, in milliseconds since the epoch; undefined: not by itself. Pure. */
export function expiresAt({ metadata, spec, status }: Job): number | undefined {
  const { ttlSecondsAfterFinished } = spec;
  if (ttlSecondsAfterFinished === undefined || metadata.deletionTimestamp !== undefined) return undefined;
  for (const type of ['Complete', 'Failed']) {
    const end = conditionOf(status?.conditions, type);
    if (end?.status === 'True') return timeOf(end.lastTransitionTime) + ttlSecondsAfterFinished * 1000;
  }
  return undefined;
}

/** Deletes Jobs some time after they ended (upstream's ttlafterfinished controller). */
export function startTtlAfterFinished(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const jobs = informers.of<Job>(JOBS);
  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const job = jobs.get(namespace, name);
    const due = job && expiresAt(job);
    if (!job || due === undefined) return undefined;
    if (due > clock.now()) return again(due - clock.now());
    const { uid = '', resourceVersion = '' } = job.metadata;
    const preconditions = { uid, resourceVersion };
    await client
      .delete(JOBS, namespace, name, { propagationPolicy: 'Foreground', preconditions })
      .catch(ignore('NotFound'));
    return undefined;
  };
  const reconciler = new Reconciler({ name: NAME, clock, log, reconcile });
  jobs.onChange(({ type, object }) => {
    if (type !== 'deleted' && expiresAt(object) !== undefined) reconciler.enqueue(keyOf(object));
  });
  return {
    synced: informers.synced().then(() => reconciler.start()),
    settled: () => reconciler.settled(),
    stop: () => reconciler.stop(),
  };
}
