import { podNameWarnings, templateWarnings } from '../apps/pod-template.ts';
import { keepSpec, keepStatus, nonNegativeErrors } from '../apps/status.ts';
import type * as k8s from '../generated/types.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { semanticEqual } from '../validation/immutable.ts';
import { byteLength } from '../validation/messages.ts';
import { scheduleProblem } from './cron-schedule.ts';
import { jobSpecWarnings } from './job.ts';
import { setTemplateDefaults } from './job-defaults.ts';
import { commonJobSpecErrors } from './job-validation.ts';
import { isTimeZone } from './time-zone.ts';

type Spec = Partial<k8s.BatchV1CronJobSpec>;
const specOf = (cronJob: KubeObject): Spec => (cronJob.spec ?? {}) as Spec;

/** Names of jobs are 63 characters, of which 11 are the time. */
const MAX_NAME = 52;
const POLICIES = ['Allow', 'Forbid', 'Replace'];
const ZONE_PART = /^[A-Za-z.\-_0-9+]{1,14}$/;
const TEMPLATE = 'spec.jobTemplate';

/** SetDefaults_CronJob. */
function setDefaults(cronJob: KubeObject): void {
  cronJob.spec ??= {};
  const spec = specOf(cronJob);
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  if (spec.jobTemplate?.spec) setTemplateDefaults(spec.jobTemplate.spec);
}

/** validateScheduleFormat: zones in schedules stay allowed where they are. */
function scheduleErrors(spec: Spec, old: Spec | undefined): FieldError[] {
  const field = 'spec.schedule';
  const { schedule = '', timeZone } = spec;
  if (schedule === '') return [required(field)];
  const problem = scheduleProblem(schedule);
  const errors = problem === undefined ? [] : [invalid(field, schedule, problem)];
  if (!schedule.includes('TZ')) return errors;
  if (!(old?.schedule ?? '').includes('TZ')) {
    const detail = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    errors.push(invalid(field, schedule, detail));
  } else if (timeZone !== undefined) {
    errors.push(invalid(field, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  return errors;
}

/** validateTimeZone. */
function timeZoneErrors(zone: string | undefined): FieldError[] {
  const field = 'spec.timeZone';
  if (zone === undefined) return [];
  if (zone === '') return [invalid(field, zone, 'timeZone must be nil or non-empty string')];
  const unknown = invalid(field, zone, `unknown time zone ${zone}`);
  const bad = (part: string): boolean =>
    part === '.' || part === '..' || part.startsWith('-') || !ZONE_PART.test(part);
  if (zone.split('/').some(bad)) return [unknown];
  if (zone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    const local = invalid(field, zone, detail);
    return zone === 'Local' ? [local] : [local, unknown];
  }
  return isTimeZone(zone) ? [] : [unknown];
}

/** validateCronJobSpec. */
function specErrors(cronJob: KubeObject, old?: KubeObject): FieldError[] {
  const spec = specOf(cronJob);
  const oldSpec = old && specOf(old);
  const policy = spec.concurrencyPolicy ?? '';
  const policyErrors =
    policy === ''
      ? [required('spec.concurrencyPolicy')]
      : POLICIES.includes(policy)
        ? []
        : [notSupported('spec.concurrencyPolicy', policy, POLICIES)];
  const counts = spec as Record<string, number>;
  return [
    ...scheduleErrors(spec, oldSpec),
    ...nonNegativeErrors(counts, ['startingDeadlineSeconds'], 'spec'),
    ...(oldSpec !== undefined && oldSpec.timeZone === spec.timeZone ? [] : timeZoneErrors(spec.timeZone)),
    ...policyErrors,
    ...templateErrors(spec, oldSpec),
    ...nonNegativeErrors(counts, ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'], 'spec'),
  ];
}

/** ValidateJobTemplateSpec: each job gets a selector of its own. */
function templateErrors(spec: Spec, old: Spec | undefined): FieldError[] {
  const job = spec.jobTemplate?.spec ?? ({} as k8s.JobSpec);
  const errors = commonJobSpecErrors(job, `${TEMPLATE}.spec`, old?.jobTemplate?.spec);
  if (job.selector !== undefined) {
    errors.push(invalid(`${TEMPLATE}.spec.selector`, job.selector, '`selector` will be auto-generated'));
  }
  if (job.manualSelector === true) {
    errors.push(notSupported(`${TEMPLATE}.spec.manualSelector`, true, ['nil', 'false']));
  }
  return errors;
}

function warnings(cronJob: KubeObject, old: KubeObject | undefined): string[] {
  const spec = specOf(cronJob);
  const job = spec.jobTemplate?.spec ?? ({} as k8s.JobSpec);
  const changed = old === undefined || !semanticEqual(cronJob.spec, old.spec);
  const zone = spec.schedule?.includes('TZ')
    ? [
        'cannot use TZ or CRON_TZ in spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#time-zones',
      ]
    : [];
  return [
    ...podNameWarnings(cronJob, old),
    ...(changed ? jobSpecWarnings(job, `${TEMPLATE}.spec`) : []),
    ...templateWarnings(cronJob, old, job.template, `${TEMPLATE}.spec.template`),
    ...(old === undefined ? [] : zone),
  ];
}

export const cronJobRules: KindRules = {
  setDefaults,
  prepareForCreate(cronJob) {
    cronJob.status = {};
  },
  prepareForUpdate: keepStatus,
  validate(cronJob) {
    const name = cronJob.metadata.name ?? '';
    const tooLong = byteLength(name) > MAX_NAME;
    return [
      ...specErrors(cronJob),
      ...(tooLong ? [invalid('metadata.name', name, `must be no more than ${MAX_NAME} characters`)] : []),
    ];
  },
  validateUpdate: specErrors,
  warnings,
  status: { prepareForUpdate: keepSpec },
  generation: true,
};
