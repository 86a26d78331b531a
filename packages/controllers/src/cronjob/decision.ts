import type { k8s } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { controllerReference, type EventContent } from '@sampan/machinery';
import { conditionOf, isFinished, type Job } from '../job/objects.ts';
import { timeOf } from '../workloads/pod-state.ts';
import { dueTime } from './missed.ts';
import type { CronJob } from './objects.ts';
import { parseSchedule, type Schedule } from './schedule.ts';
import { formatInZone } from './time-zone.ts';

const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** Later than the time itself, so that it surely has come. */
const MARGIN_MS = 100;

export interface CronFacts {
  /** All Jobs that the CronJob controls. */
  readonly jobs: readonly Job[];
  /** Names of Jobs of `status.active` that the server does not have. */
  readonly gone: ReadonlySet<string>;
  readonly now: number;
  /** For CronJobs that name none. */
  readonly zone: string;
}

export interface CronDecision {
  readonly status: k8s.BatchV1CronJobStatus;
  /** Ended Jobs beyond the history, and running ones that are replaced. */
  readonly remove: readonly Job[];
  /** Whether to start a Job, at which of its times. */
  readonly start: number | undefined;
  readonly events: readonly EventContent[];
  readonly afterMs: number | undefined;
}

const warning = (reason: string, note: string): EventContent => ({ type: 'Warning', reason, note });
const normal = (reason: string, note: string): EventContent => ({ type: 'Normal', reason, note });

/** What to do for a CronJob now (upstream's cronjob controller, cleanupFinishedJobs and syncCronJob). Pure. */
export function decideCronJob(cron: CronJob, facts: CronFacts): CronDecision {
  const events: EventContent[] = [];
  const remove = historyOf(cron, facts.jobs);
  const status = followJobs(cron, facts, new Set(remove), events);
  const rest = { status, remove, start: undefined, events, afterMs: undefined };
  if (cron.metadata.deletionTimestamp !== undefined || cron.spec.suspend === true) return rest;
  const schedule = scheduleOf(cron, facts.zone, events);
  if (!schedule) return rest;
  const next = schedule.next(facts.now);
  const afterMs = next === undefined ? undefined : next - facts.now + MARGIN_MS;
  const due = dueOf(cron, schedule, facts.now, events);
  if (due === undefined || !mayStart(cron, status, due, events)) return { ...rest, afterMs };
  const replaced = cron.spec.concurrencyPolicy === 'Replace' ? activeOf(status, facts.jobs) : [];
  const left =
    replaced.length > 0
      ? withoutActive(status, new Set(replaced.map(({ metadata }) => metadata.uid)))
      : status;
  return { ...rest, status: left, remove: [...remove, ...replaced], start: due, afterMs };
}

/** Ended Jobs that are more than the limits, the oldest first. */
function historyOf({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const { successfulJobsHistoryLimit: succeeded, failedJobsHistoryLimit: failed } = spec;
  const over = (type: string, limit: number | undefined): Job[] => {
    if (limit === undefined) return [];
    const ended = jobs.filter((job) => conditionOf(job.status?.conditions, type)?.status === 'True');
    const kept = ended.sort((a, b) => startOf(a) - startOf(b) || (nameOf(a) < nameOf(b) ? -1 : 1));
    return kept.slice(0, Math.max(0, kept.length - limit));
  };
  return [...over('Complete', succeeded), ...over('Failed', failed)];
}

const nameOf = ({ metadata }: Job): string => metadata.name ?? '';
const startOf = ({ status }: Job): number => timeOf(status?.startTime);

/** Brings `active` and `lastSuccessfulTime` up to date. */
function followJobs(cron: CronJob, facts: CronFacts, removed: ReadonlySet<Job>, events: EventContent[]) {
  const known = new Set((cron.status?.active ?? []).map(({ uid }) => uid));
  const over = new Set<string | undefined>();
  let lastSuccess = cron.status?.lastSuccessfulTime;
  for (const job of facts.jobs) {
    const { uid } = job.metadata;
    if (!isFinished(job)) {
      if (!known.has(uid))
        events.push(
          warning('UnexpectedJob', `Saw a job that the controller did not create or forgot: ${nameOf(job)}`),
        );
      continue;
    }
    const completion = job.status?.completionTime;
    if (completion && timeOf(completion) > timeOf(lastSuccess)) lastSuccess = completion;
    if (!known.has(uid)) continue;
    over.add(uid);
    const condition = completion ? 'Complete' : 'Failed';
    if (!removed.has(job))
      events.push(normal('SawCompletedJob', `Saw completed job: ${nameOf(job)}, condition: ${condition}`));
  }
  for (const { uid, name = '' } of cron.status?.active ?? []) {
    if (!facts.gone.has(name) || over.has(uid)) continue;
    over.add(uid);
    events.push(normal('MissingJob', `Active job went missing: ${name}`));
  }
  const status = withoutActive(cron.status ?? {}, over);
  return lastSuccess === undefined ? status : { ...status, lastSuccessfulTime: lastSuccess };
}

function withoutActive(
  status: k8s.BatchV1CronJobStatus,
  over: ReadonlySet<string | undefined>,
): k8s.BatchV1CronJobStatus {
  const { active = [], ...rest } = status;
  const left = active.filter(({ uid }) => !over.has(uid));
  return left.length > 0 ? { ...rest, active: left } : rest;
}

function scheduleOf({ spec }: CronJob, zone: string, events: EventContent[]): Schedule | undefined {
  const { schedule, timeZone } = spec;
  try {
    if (/^(?:CRON_)?TZ=/.test(schedule)) {
      const docs = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/';
      const note = `CRON_TZ or TZ used in schedule ${JSON.stringify(schedule)} is not officially supported, see ${docs} for more details`;
      events.push(warning('UnsupportedSchedule', note));
    }
    const parsed = parseSchedule(schedule, timeZone ?? zone);
    // also finds out that a zone is not known
    parsed.next(0);
    return parsed;
  } catch (error) {
    if (error instanceof RangeError)
      events.push(
        warning('UnknownTimeZone', `invalid timeZone: ${JSON.stringify(timeZone)}: ${error.message}`),
      );
    else
      events.push(
        warning(
          'UnparseableSchedule',
          `unparseable schedule: ${JSON.stringify(schedule)} : ${messageOf(error)}`,
        ),
      );
    return undefined;
  }
}

function dueOf(cron: CronJob, schedule: Schedule, now: number, events: EventContent[]): number | undefined {
  try {
    const { due, manyMissed } = dueTime(cron, schedule, now);
    if (manyMissed) {
      const advice = 'Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      events.push(warning('TooManyMissedTimes', `too many missed start times. ${advice}`));
    }
    return due;
  } catch (error) {
    events.push(warning('InvalidSchedule', `invalid schedule: ${cron.spec.schedule} : ${messageOf(error)}`));
    return undefined;
  }
}

function mayStart(
  cron: CronJob,
  { active = [] }: k8s.BatchV1CronJobStatus,
  due: number,
  events: EventContent[],
): boolean {
  const name = jobName(cron, due);
  if (active.some((reference) => reference.name === name)) return false;
  if (timeOf(cron.status?.lastScheduleTime) === due) return false;
  if (cron.spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const note = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    events.push(normal('JobAlreadyActive', note));
    return false;
  }
  return true;
}

function activeOf({ active = [] }: k8s.BatchV1CronJobStatus, jobs: readonly Job[]): Job[] {
  const uids = new Set(active.map(({ uid }) => uid));
  return jobs.filter(({ metadata }) => uids.has(metadata.uid));
}

/** One Job for each time, whatever happens: the name says which. */
export const jobName = ({ metadata }: CronJob, due: number): string =>
  `${metadata.name}-${Math.floor(due / 60_000)}`;

/** The Job of a time. Pure. */
export function jobOf(cron: CronJob, due: number): Job {
  const { metadata = {}, spec } = cron.spec.jobTemplate;
  const { labels, annotations } = metadata;
  const scheduled = formatInZone(cron.spec.timeZone || 'UTC', due);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(cron, due),
      namespace: cron.metadata.namespace ?? '',
      ...(labels ? { labels } : {}),
      annotations: { ...annotations, [SCHEDULED_AT]: scheduled },
      ownerReferences: [controllerReference(cron)],
    },
    spec: spec ?? { template: {} },
  };
}
