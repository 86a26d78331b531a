import { type k8s, StatusError } from '@sampan/api';
import { deepEqual, messageOf } from '@sampan/base';
import {
  type Client,
  type EventRecorder,
  type Informer,
  keyOf,
  Reconciler,
  splitKey,
} from '@sampan/machinery';
import { type Controller, type ControllerContext, isTerminating, recorderOf } from '../controller.ts';
import { isFinished, JOBS, type Job } from '../job/objects.ts';
import { OwnWrites } from '../pods/own-writes.ts';
import { formatTime } from '../time.ts';
import { controllerOf } from '../workloads/claim.ts';
import { followDependents } from '../workloads/follow-dependents.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { again } from '../workloads/workload-shell.ts';
import { type CronDecision, decideCronJob, jobOf } from './decision.ts';
import { CRON_JOBS, type CronJob } from './objects.ts';

const NAME = 'cronjob-controller';

/** Starts Jobs at their times (upstream's cronjob controller v2; KEP-19, KEP-3140). */
export function startCronJobs(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const events = recorderOf(context, client, NAME);
  const crons = informers.of<CronJob>(CRON_JOBS);
  const jobs = informers.of<Job>(JOBS);
  const controller = new CronJobController({ context, client, events, crons, jobs });
  const reconciler = new Reconciler({
    name: NAME,
    clock,
    log,
    reconcile: (key) => controller.reconcile(key),
  });
  crons.onChange(({ object }) => reconciler.enqueue(keyOf(object)));
  followDependents({
    owners: crons,
    ownerRef: CRON_JOBS,
    dependents: jobs,
    matches: () => false,
    onChange: (cron, { type, object, previous }) => {
      // how many pods run and have ended is of no interest here
      if (type !== 'modified' || !previous || isFinished(previous) !== isFinished(object))
        reconciler.enqueue(keyOf(cron));
    },
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

interface Parts {
  readonly context: ControllerContext;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly crons: Informer<CronJob>;
  readonly jobs: Informer<Job>;
}

class CronJobController {
  readonly #parts: Parts;
  readonly #ownCrons: OwnWrites<CronJob>;
  readonly #ownJobs: OwnWrites<Job>;
  readonly #zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#ownCrons = new OwnWrites(parts.crons);
    this.#ownJobs = new OwnWrites(parts.jobs);
  }

  async reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const { context, crons, events } = this.#parts;
    const shown = crons.get(namespace, name);
    if (!shown) return undefined;
    const cron = this.#ownCrons.newest(shown);
    const uid = cron.metadata.uid ?? '';
    const jobs = this.#ownJobs.over(
      this.#parts.jobs.byIndex('owner', uid),
      (job) => controllerOf(job)?.uid === uid,
    );
    const gone = await this.#goneOf(cron, jobs);
    const decision = decideCronJob(cron, { jobs, gone, now: context.clock.now(), zone: this.#zone });
    for (const event of decision.events) events.record(cron, event);
    for (const job of decision.remove) await this.#remove(cron, job);
    await this.#write(cron, await this.#start(cron, decision));
    return again(decision.afterMs);
  }

  /** Active Jobs that are not known may be new; only the server knows. */
  async #goneOf(cron: CronJob, jobs: readonly Job[]): Promise<Set<string>> {
    const known = new Set(jobs.map(({ metadata }) => metadata.uid));
    const gone = new Set<string>();
    for (const { uid, name = '' } of cron.status?.active ?? []) {
      if (known.has(uid)) continue;
      const found = await this.#parts.client
        .get<Job>(JOBS, cron.metadata.namespace, name)
        .catch((error: unknown) => {
          if (error instanceof StatusError && error.code === 404) return undefined;
          throw error;
        });
      if (found?.metadata.uid !== uid) gone.add(name);
    }
    return gone;
  }

  async #remove(cron: CronJob, job: Job): Promise<void> {
    const { client, events } = this.#parts;
    const { namespace, name = '', uid = '' } = job.metadata;
    try {
      await client.delete(JOBS, namespace, name, { propagationPolicy: 'Background', preconditions: { uid } });
      this.#ownJobs.deleted(job);
      events.record(cron, { type: 'Normal', reason: 'SuccessfulDelete', note: `Deleted job ${name}` });
    } catch (error) {
      if (error instanceof StatusError && ['NotFound', 'Conflict'].includes(error.reason)) return;
      events.record(cron, {
        type: 'Warning',
        reason: 'FailedDelete',
        note: `Deleted job: ${messageOf(error)}`,
      });
      throw error;
    }
  }

  /** The status that is to be written. */
  async #start(cron: CronJob, { start, status }: CronDecision): Promise<k8s.BatchV1CronJobStatus> {
    if (start === undefined) return status;
    const job = await this.#create(cron, jobOf(cron, start));
    if (!job) return status;
    const lastScheduleTime = formatTime(start);
    if (isFinished(job)) return { ...status, lastScheduleTime };
    const { name = '', namespace = '', uid = '', resourceVersion = '' } = job.metadata;
    const reference = { apiVersion: 'batch/v1', kind: 'Job', name, namespace, resourceVersion, uid };
    return { ...status, active: [...(status.active ?? []), reference], lastScheduleTime };
  }

  /** The Job, also when it is there already; undefined when the namespace goes away. */
  async #create(cron: CronJob, wanted: Job): Promise<Job | undefined> {
    const { client, events } = this.#parts;
    try {
      const job = await client.create<Job>(JOBS, wanted);
      this.#ownJobs.wrote(job);
      const note = `Created job ${job.metadata.name}`;
      events.record(cron, { type: 'Normal', reason: 'SuccessfulCreate', note });
      return job;
    } catch (error) {
      if (isTerminating(error)) return undefined;
      if (error instanceof StatusError && error.reason === 'AlreadyExists') {
        const job = await client.get<Job>(JOBS, wanted.metadata.namespace, wanted.metadata.name ?? '');
        if (controllerOf(job)?.uid === cron.metadata.uid) return job;
      }
      events.record(cron, {
        type: 'Warning',
        reason: 'FailedCreate',
        note: `Error creating job: ${messageOf(error)}`,
      });
      throw error;
    }
  }

  async #write(cron: CronJob, status: k8s.BatchV1CronJobStatus): Promise<void> {
    if (deepEqual(cron.status ?? {}, status)) return;
    try {
      const written = await this.#parts.client.update(
        CRON_JOBS,
        { ...cron, status },
        { subresource: 'status' },
      );
      this.#ownCrons.wrote(written);
    } catch (error) {
      this.#ownCrons.forget(cron);
      if (error instanceof StatusError && error.code === 404) return;
      throw error;
    }
  }
}
