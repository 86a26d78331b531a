import { podNameWarnings, templateWarnings } from '../apps/pod-template.ts';
import { keepSpec, keepStatus } from '../apps/status.ts';
import type { KindRules } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { semanticEqual } from '../validation/immutable.ts';
import { generateSelector, setJobDefaults } from './job-defaults.ts';
import { validateJobStatusUpdate } from './job-status.ts';
import { isIndexed, type JobSpec, jobSpecOf } from './job-types.ts';
import { validateJob, validateJobUpdate } from './job-validation.ts';

const MANY_COMPLETIONS = 100_000;
const MANY_PARALLEL = 10_000;

/** WarningsForJobSpec, less its pod template. */
export function jobSpecWarnings(spec: JobSpec, path: string): string[] {
  if (
    !isIndexed(spec) ||
    (spec.completions ?? 0) <= MANY_COMPLETIONS ||
    (spec.parallelism ?? 0) <= MANY_PARALLEL
  ) {
    return [];
  }
  return [
    `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
  ];
}

function warnings(job: KubeObject, old: KubeObject | undefined): string[] {
  const unchanged = old !== undefined && semanticEqual(job.spec, old.spec);
  return [
    ...podNameWarnings(job, old),
    ...(unchanged ? [] : jobSpecWarnings(jobSpecOf(job), 'spec')),
    ...templateWarnings(job, old, jobSpecOf(job).template, 'spec.template'),
  ];
}

/** Defaults let the job and its template share their labels: no longer, so that a change of one is not one of both. */
function partLabels(job: KubeObject): void {
  if (job.metadata.labels) job.metadata.labels = { ...job.metadata.labels };
}

export const jobRules: KindRules = {
  setDefaults: setJobDefaults,
  /** `metadata.uid` must be set: pods are selected by it. */
  prepareForCreate(job) {
    generateSelector(job);
    partLabels(job);
    job.status = {};
  },
  prepareForUpdate(job, old) {
    partLabels(job);
    keepStatus(job, old);
  },
  validate: (job) => validateJob(job),
  // Upstream checks the spec in both.
  validateUpdate: (job, old) => [...validateJob(job, old), ...validateJobUpdate(job, old)],
  warnings,
  status: { prepareForUpdate: keepSpec, validateUpdate: validateJobStatusUpdate },
  generation: true,
  selectableFields: { 'status.successful': (job) => String(job.status?.succeeded ?? 0) },
  defaultPropagation: 'Orphan',
};
