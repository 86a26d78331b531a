import { setPodSpecDefaults } from '../core/pod/defaults.ts';
import type { KubeObject } from '../meta/object.ts';
import {
  CONTROLLER_UID,
  JOB_NAME,
  type JobSpec,
  jobSpecOf,
  LEGACY_CONTROLLER_UID,
  LEGACY_JOB_NAME,
} from './job-types.ts';

const MAX_INT32 = 2 ** 31 - 1;

/** SetDefaults_Job. */
export function setJobDefaults(job: KubeObject): void {
  job.spec ??= {};
  const spec = jobSpecOf(job);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  // With a limit for each index, the job as a whole has none.
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : MAX_INT32;
  const labels = spec.template?.metadata?.labels;
  // The very same object, as upstream's map: labels that are generated for the pods are then the job's too.
  if (labels && isEmpty(job.metadata.labels)) job.metadata.labels = labels;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
  setTemplateDefaults(spec);
}

function isEmpty(labels: Record<string, string> | undefined): boolean {
  return Object.keys(labels ?? {}).length === 0;
}

/** What a job in a CronJob's template gets, too. */
export function setTemplateDefaults(spec: JobSpec): void {
  if (spec.template?.spec) setPodSpecDefaults(spec.template.spec);
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
}

/**
 * Labels the pods with the job's uid and name and selects them by the uid, unless the client selects itself. Values
 * that the client set are kept here and refused by validation when they are not the job's.
 */
export function generateSelector(job: KubeObject): void {
  const spec = jobSpecOf(job);
  if (spec.manualSelector === true) return;
  const { name = '', uid = '' } = job.metadata;
  const shared = job.metadata.labels === spec.template?.metadata?.labels || isEmpty(job.metadata.labels);
  spec.template ??= {};
  const generated: Record<string, string> = {
    [LEGACY_JOB_NAME]: name,
    [JOB_NAME]: name,
    [LEGACY_CONTROLLER_UID]: uid,
    [CONTROLLER_UID]: uid,
  };
  spec.template.metadata = {
    ...spec.template.metadata,
    labels: { ...generated, ...spec.template.metadata?.labels },
  };
  spec.selector = {
    ...spec.selector,
    matchLabels: { [CONTROLLER_UID]: uid, ...spec.selector?.matchLabels },
  };
  if (shared) job.metadata.labels = { ...spec.template.metadata.labels };
}
