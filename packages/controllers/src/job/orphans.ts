import { StatusError } from '@sampan/api';
import { keyOf, REFS, Reconciler, refersToKind, splitKey } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { controllerOf } from '../workloads/claim.ts';
import type { Pod } from '../workloads/objects.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { releasePod } from './job-controller.ts';
import { isTracked } from './job-pods.ts';
import { isFinished, isManagedByOthers, JOBS, type Job } from './objects.ts';

const NAME = 'job-orphans';

/** Lets pods go that no Job counts any more: its Job is gone or has ended (upstream's syncOrphanPod). */
export function startJobOrphans(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client('job-controller');
  const jobs = informers.of<Job>(JOBS);
  const pods = informers.of<Pod>(REFS.pods);

  const isOrphan = async (pod: Pod): Promise<boolean> => {
    const reference = controllerOf(pod);
    if (!reference) return true;
    if (!refersToKind(reference, JOBS)) return false;
    const namespace = pod.metadata.namespace ?? '';
    const known = jobs.get(namespace, reference.name);
    // what is not known yet may be there all the same
    const job = known?.metadata.uid === reference.uid ? known : await fresh(namespace, reference.name);
    if (job?.metadata.uid !== reference.uid) return true;
    return isFinished(job) && !isManagedByOthers(job);
  };
  const fresh = (namespace: string, name: string): Promise<Job | undefined> =>
    client.get<Job>(JOBS, namespace, name).catch((error: unknown) => {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    });
  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    if (pod && isTracked(pod) && (await isOrphan(pod))) await releasePod({ client }, pod);
    return undefined;
  };
  const reconciler = new Reconciler({ name: NAME, clock, log, reconcile });

  pods.onChange(({ type, object }) => {
    if (type === 'deleted' || !isTracked(object)) return;
    const reference = controllerOf(object);
    const job = reference && jobs.get(object.metadata.namespace ?? '', reference.name);
    if (!job || job.metadata.uid !== reference.uid || isFinished(job)) reconciler.enqueue(keyOf(object));
  });
  jobs.onChange(({ type, object }) => {
    if (type !== 'deleted' && !isFinished(object)) return;
    for (const pod of pods.byIndex('owner', object.metadata.uid ?? ''))
      if (isTracked(pod)) reconciler.enqueue(keyOf(pod));
  });
  return {
    synced: informers.synced().then(() => reconciler.start()),
    stop: () => reconciler.stop(),
  };
}
