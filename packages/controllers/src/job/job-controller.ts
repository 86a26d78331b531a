import { StatusError } from '@sampan/api';
import { type Informer, keyOf, REFS, splitKey } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { OwnWrites } from '../pods/own-writes.ts';
import { slowStart } from '../workloads/batch.ts';
import { claim, controllerOf, matcherOf } from '../workloads/claim.ts';
import { followDependents } from '../workloads/follow-dependents.ts';
import type { Pod } from '../workloads/objects.ts';
import { isReady, isTerminating } from '../workloads/pod-state.ts';
import { candidatesOf, type SharedInformers } from '../workloads/shared-informers.ts';
import { again, runWorkload, uidOf, type WorkloadShell, workloadShell } from '../workloads/workload-shell.ts';
import { type Assessment, assessJob } from './assess.ts';
import type { BackoffRecord } from './backoff.ts';
import { isTracked } from './job-pods.ts';
import { isFinished, isManagedByOthers, JOBS, type Job, TRACKING } from './objects.ts';
import { type PodPlan, planPods } from './plan-pods.ts';
import { jobPodPrefix, jobPodTemplate } from './pod-template.ts';
import { type Outcome, sameJobStatus, settle, type Tracking, trackPods } from './track.ts';

const NAME = 'job-controller';
/** Jobs with more active pods than this are looked at in bunches of events. */
const MANY_PODS = 100;
const BUNCH_MS = 250;

/** Runs Jobs to their ends (upstream's job controller; KEP-2307, KEP-3329, KEP-3850, KEP-3939, KEP-3998). */
export function startJobs(context: ControllerContext, informers: SharedInformers): Controller {
  const shell = workloadShell(context, informers, NAME);
  const { expectations } = shell;
  const jobs = informers.of<Job>(JOBS);
  const pods = informers.of<Pod>(REFS.pods);
  const controller = new JobController(shell, jobs, pods);
  return runWorkload(
    shell,
    NAME,
    (key) => controller.reconcile(key),
    (reconciler) => {
      jobs.onChange(({ type, object }) => {
        if (type === 'deleted') controller.forget(object);
        reconciler.enqueue(keyOf(object));
      });
      followDependents({
        owners: jobs,
        ownerRef: JOBS,
        dependents: pods,
        matches: (job, pod) => matcherOf(job.spec.selector).matches(pod.metadata.labels),
        onChange: (job) => {
          if ((job.status?.active ?? 0) > MANY_PODS) reconciler.enqueueAfter(keyOf(job), BUNCH_MS);
          else reconciler.enqueue(keyOf(job));
        },
        onOwned: (uid, { type, object }) => {
          expectations.createdSeen(uid, uidOf(object));
          if (type === 'deleted' || isTerminating(object)) expectations.deletedSeen(uid, uidOf(object));
          controller.podSeen(object, type === 'deleted');
        },
      });
    },
  );
}

class JobController {
  readonly #shell: WorkloadShell;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;
  readonly #ownJobs: OwnWrites<Job>;
  /** Uids of pods that were let go and are still shown as tracked. */
  readonly #released = new Set<string>();
  /** By the Job's uid. Lost with the process, as upstream's. */
  readonly #backoff = new Map<string, BackoffRecord>();

  constructor(shell: WorkloadShell, jobs: Informer<Job>, pods: Informer<Pod>) {
    this.#shell = shell;
    this.#jobs = jobs;
    this.#pods = pods;
    this.#ownJobs = new OwnWrites(jobs);
  }

  forget(job: Job): void {
    this.#shell.expectations.forget(uidOf(job));
    this.#backoff.delete(uidOf(job));
  }

  async reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const shown = this.#jobs.get(namespace, name);
    if (!shown || isManagedByOthers(shown)) return undefined;
    return this.#look(this.#ownJobs.newest(shown)).catch((error: unknown) => {
      // the Job was deleted meanwhile; its informer will say so
      const about = error instanceof StatusError && error.code === 404 ? error.status.details : undefined;
      if (about?.kind === JOBS.resource && about.name === name) return undefined;
      throw error;
    });
  }

  async #look(job: Job): Promise<{ afterMs: number } | undefined> {
    const uid = uidOf(job);
    if (isFinished(job)) {
      this.#backoff.delete(uid);
      return undefined;
    }
    const { expectations, context } = this.#shell;
    const settled = expectations.satisfied(uid);
    const now = context.clock.now();
    const assessment = assessJob(job, await this.#podsOf(job), this.#backoff.get(uid), now);
    const plan = planPods(assessment, settled, now);
    const { outcome, failure } = await this.#carryOut(assessment, plan, settled);
    await this.#track(assessment, trackPods(assessment, outcome, now));
    if (failure !== undefined) throw failure;
    return again(plan.afterMs, assessment.deadlineMs, expectations.remainingMs(uid));
  }

  async #podsOf(job: Job): Promise<Pod[]> {
    const matcher = matcherOf(job.spec.selector);
    const owned = await claim(
      { client: this.#shell.client, ownerRef: JOBS, ref: REFS.pods, finalizers: [TRACKING] },
      job,
      candidatesOf(this.#pods, job),
      (pod) => matcher.matches(pod.metadata.labels),
    );
    return owned.map((pod) => {
      if (this.#released.has(uidOf(pod))) return asUntracked(pod);
      return controllerOf(pod) ? pod : asTracked(pod);
    });
  }

  /** The cache shows a pod. */
  podSeen(pod: Pod, isGone: boolean): void {
    if (isGone || !isTracked(pod)) this.#released.delete(uidOf(pod));
  }

  async #carryOut(
    assessment: Assessment,
    plan: PodPlan,
    settled: boolean,
  ): Promise<{ outcome: Outcome; failure: unknown }> {
    const { job, indexes } = assessment;
    let failure: unknown;
    let created = 0;
    const removed: Pod[] = [];
    const removals = plan.remove.map(async (pod) => {
      if (!plan.keepTracking) await this.#release(pod);
      await this.#shell.pods.delete(job, pod);
      removed.push(pod);
    });
    for (const result of await Promise.allSettled(removals))
      if (result.status === 'rejected') failure ??= result.reason;
    const creations = plan.create.map((index) => async () => {
      const replaced = index === undefined ? undefined : indexes?.delayed.get(index);
      await this.#shell.pods.create(job, jobPodTemplate(job, index, replaced), jobPodPrefix(job, index));
      created++;
    });
    await slowStart(creations).catch((error: unknown) => {
      failure ??= error;
    });
    const outcome = {
      created,
      removed: removed.length,
      removedReady: removed.filter(isReady).length,
      complete: settled && removed.length === plan.remove.length,
      managed: plan.managed,
    };
    return { outcome, failure };
  }

  async #track(assessment: Assessment, tracking: Tracking): Promise<void> {
    const { clock } = this.#shell.context;
    let { job } = assessment;
    if (!sameJobStatus(job.status ?? {}, tracking.status)) {
      job = await this.#writeStatus(job, tracking.status);
      this.#backoff.set(uidOf(job), assessment.backoff);
    }
    for (const { reason, note } of tracking.events)
      this.#shell.events.record(job, { type: 'Normal', reason, note });
    const tracked = new Set(assessment.pods.filter(isTracked).map(uidOf));
    let failure: unknown;
    const releases = tracking.release.map(async (pod) => {
      await this.#release(pod);
      tracked.delete(uidOf(pod));
    });
    for (const result of await Promise.allSettled(releases))
      if (result.status === 'rejected') failure ??= result.reason;
    const { status, finished } = settle(tracking, tracked, clock.now());
    if (!sameJobStatus(tracking.status, status)) job = await this.#writeStatus(job, status);
    if (failure !== undefined) throw failure;
    if (finished) this.#tellOfEnd(job, tracking);
  }

  async #writeStatus(job: Job, status: NonNullable<Job['status']>): Promise<Job> {
    try {
      const written = await this.#shell.client.update(JOBS, { ...job, status }, { subresource: 'status' });
      this.#ownJobs.wrote(written);
      return written;
    } catch (error) {
      this.#ownJobs.forget(job);
      throw error;
    }
  }

  #tellOfEnd(job: Job, { ending }: Tracking): void {
    const { events } = this.#shell;
    if (!ending?.succeeds) {
      const { reason = '', message = '' } = ending ?? {};
      events.record(job, { type: 'Warning', reason, note: message });
      return;
    }
    const { completions } = job.spec;
    if (completions !== undefined && (job.status?.succeeded ?? 0) > completions) {
      const note = 'Too many succeeded pods running after completion count reached';
      events.record(job, { type: 'Warning', reason: 'TooManySucceededPods', note });
    }
    events.record(job, { type: 'Normal', reason: 'Completed', note: 'Job completed' });
  }

  /** Lets a pod go; also when it is gone. */
  async #release(pod: Pod): Promise<void> {
    if (!isTracked(pod)) return;
    await releasePod(this.#shell, pod);
    const { namespace = '', name = '' } = pod.metadata;
    const shown = this.#pods.get(namespace, name);
    if (shown && uidOf(shown) === uidOf(pod) && isTracked(shown)) this.#released.add(uidOf(pod));
  }
}

/** Removes the tracking finalizer; also resolves when the pod is gone. */
export async function releasePod(
  { client }: Pick<WorkloadShell, 'client'>,
  { metadata }: Pod,
): Promise<void> {
  const { namespace, name = '', uid } = metadata;
  const patch = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [TRACKING] } };
  try {
    await client.patch<Pod>(REFS.pods, namespace, name, 'strategic', patch);
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return;
    // a pod of another uid under this name is not the one that was tracked
    if (error instanceof StatusError && error.reason === 'Conflict') {
      const present = await client.get<Pod>(REFS.pods, namespace, name);
      if (present.metadata.uid !== uid) return;
    }
    throw error;
  }
}

function asUntracked(pod: Pod): Pod {
  const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING);
  return { ...pod, metadata: { ...pod.metadata, finalizers } };
}

/** A pod that was just adopted, as it is now. */
function asTracked(pod: Pod): Pod {
  if (isTracked(pod)) return pod;
  return {
    ...pod,
    metadata: { ...pod.metadata, finalizers: [...(pod.metadata.finalizers ?? []), TRACKING] },
  };
}
