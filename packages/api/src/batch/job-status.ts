import { nonNegativeErrors } from '../apps/status.ts';
import { duplicate, type FieldError, invalid, OMIT_VALUE, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { semanticEqual } from '../validation/immutable.ts';
import { countIndexes, overlappingIndex } from './indexes.ts';
import {
  isConditionTrue,
  isIndexed,
  type JobSpec,
  type JobStatus,
  jobSpecOf,
  jobStatusOf,
} from './job-types.ts';

/**
 * Rules of a job's status (KEP-4368): jobs may be run by controllers other than ours, and clients rely on them.
 * Most are checked only when what they are about changes, so that old jobs can be updated at all.
 */
interface Change {
  readonly spec: JobSpec;
  readonly status: JobStatus;
  readonly old: JobStatus;
  readonly indexed: boolean;
  readonly finished: boolean;
  readonly finishedChanged: boolean;
  is(type: string): boolean;
  was(type: string): boolean;
  changed(field: keyof JobStatus): boolean;
}

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating'];
const CONDITIONS = 'status.conditions';

function changeOf(job: KubeObject, oldJob: KubeObject): Change {
  const status = jobStatusOf(job);
  const old = jobStatusOf(oldJob);
  const is = (type: string): boolean => isConditionTrue(status, type);
  const was = (type: string): boolean => isConditionTrue(old, type);
  const finished = is('Complete') || is('Failed');
  return {
    spec: jobSpecOf(job),
    status,
    old,
    indexed: isIndexed(jobSpecOf(job)),
    finished,
    finishedChanged: finished !== (was('Complete') || was('Failed')),
    is,
    was,
    changed: (field) => !semanticEqual(status[field], old[field]),
  };
}

/** ValidateJobUpdateStatus, less the generic metadata. */
export function validateJobStatusUpdate(job: KubeObject, old: KubeObject): FieldError[] {
  const change = changeOf(job, old);
  return [
    ...nonNegativeErrors(change.status as Record<string, number>, COUNTS, 'status'),
    ...uncountedErrors(change.status),
    ...conditionErrors(change),
    ...timeErrors(change),
    ...finishedErrors(change),
    ...indexErrors(change),
    ...transitionErrors(change),
  ];
}

function uncountedErrors(status: JobStatus): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (status.uncountedTerminatedPods?.[list] ?? []).flatMap((uid, i) => {
      const field = `status.uncountedTerminatedPods.${list}[${i}]`;
      if (uid === '') return [invalid(field, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(field, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

/**
 * Conditions that exclude each other, and whether either has changed. Upstream also wants FailureTarget before Failed
 * and SuccessCriteriaMet before Complete; job controllers older than 1.31 do not set them and are let be.
 */
function conditionErrors({ spec, is, was }: Change): FieldError[] {
  const errors: FieldError[] = [];
  const differs = (type: string): boolean => is(type) !== was(type);
  const refuse = (detail: string): void => {
    errors.push(invalid(CONDITIONS, OMIT_VALUE, detail));
  };
  if (is('Complete') && is('Failed') && (differs('Complete') || differs('Failed'))) {
    refuse('cannot set Complete=True and Failed=true conditions');
  }
  if (is('Complete') && is('FailureTarget') && (differs('Complete') || differs('FailureTarget'))) {
    refuse('cannot set Complete=True and FailureTarget=true conditions');
  }
  if (is('SuccessCriteriaMet') && is('Failed'))
    refuse('cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (is('SuccessCriteriaMet') && is('FailureTarget')) {
    refuse('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  }
  if (spec.successPolicy !== undefined && !is('SuccessCriteriaMet') && is('Complete')) {
    refuse('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
  }
  return errors;
}

function timeErrors({ status, is, was, changed }: Change): FieldError[] {
  const { startTime, completionTime } = status;
  const field = 'status.completionTime';
  const errors: FieldError[] = [];
  if (is('Complete') !== was('Complete') || changed('completionTime')) {
    if (completionTime && !is('Complete')) {
      const detail = 'cannot set completionTime when there is no Complete=True condition';
      errors.push(invalid(field, completionTime, detail));
    }
    if (!completionTime && is('Complete')) {
      errors.push(required(field, 'completionTime is required for Complete jobs'));
    }
  }
  if ((changed('startTime') || changed('completionTime')) && startTime && completionTime) {
    if (Date.parse(completionTime) < Date.parse(startTime)) {
      errors.push(invalid(field, completionTime, 'completionTime cannot be set before startTime'));
    }
  }
  return errors;
}

function finishedErrors(change: Change): FieldError[] {
  const { status, finished, finishedChanged, changed } = change;
  const errors: FieldError[] = [];
  const { active = 0, ready = 0, terminating = 0, uncountedTerminatedPods: uncounted } = status;
  if (finished && active > 0 && (finishedChanged || changed('active'))) {
    errors.push(invalid('status.active', active, 'active>0 is invalid for finished job'));
  }
  if (finished && !status.startTime && (finishedChanged || changed('startTime'))) {
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  }
  const pending = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  if (finished && pending > 0 && (finishedChanged || changed('uncountedTerminatedPods'))) {
    const detail = 'uncountedTerminatedPods needs to be empty for finished job';
    errors.push(invalid('status.uncountedTerminatedPods', uncounted, detail));
  }
  if (finished && terminating > 0 && (finishedChanged || changed('terminating'))) {
    errors.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  }
  if (ready > active && (changed('ready') || changed('active'))) {
    errors.push(invalid('status.ready', ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function parseProblem(text: string, completions: number): string | undefined {
  try {
    countIndexes(text, completions);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function indexErrors({ spec, status, indexed, changed }: Change): FieldError[] {
  const { completions, backoffLimitPerIndex } = spec;
  const { completedIndexes: completed = '', failedIndexes: failed } = status;
  const errors: FieldError[] = [];
  if (changed('completedIndexes')) {
    const problem = completions === undefined ? undefined : parseProblem(completed, completions);
    if (problem !== undefined) {
      errors.push(
        invalid('status.completedIndexes', completed, `error parsing completedIndexes: ${problem}`),
      );
    }
    if (completed !== '' && !indexed) {
      const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode';
      errors.push(invalid('status.completedIndexes', completed, detail));
    }
  }
  if (failed === undefined) return errors;
  if (changed('failedIndexes')) {
    const limited = completions !== undefined && backoffLimitPerIndex !== undefined;
    const problem = limited ? parseProblem(failed, completions) : undefined;
    if (problem !== undefined) {
      errors.push(invalid('status.failedIndexes', failed, `error parsing failedIndexes: ${problem}`));
    }
    if (backoffLimitPerIndex === undefined) {
      const detail = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
      errors.push(invalid('status.failedIndexes', failed, detail));
    }
  }
  if (completions !== undefined && (changed('failedIndexes') || changed('completedIndexes'))) {
    const overlap = overlappingIndex(completed, failed, completions);
    if (overlap !== undefined) {
      const detail = `failedIndexes and completedIndexes overlap at index: ${overlap}`;
      errors.push(invalid('status.failedIndexes', failed, detail));
    }
  }
  return errors;
}

/** ValidateJobStatusUpdate: what has ended stays ended, what is counted is not uncounted. */
function transitionErrors({ spec, status, old, indexed, is, was, changed }: Change): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (detail: string): void => {
    errors.push(invalid(CONDITIONS, OMIT_VALUE, detail));
  };
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (was(type) && !is(type)) refuse(`cannot disable the terminal ${type}=True condition`);
  }
  const { failed = 0, succeeded = 0 } = status;
  if (failed < (old.failed ?? 0))
    errors.push(invalid('status.failed', failed, 'cannot decrease the failed counter'));
  // Elastic indexed jobs shrink.
  const elastic = indexed && spec.completions === spec.parallelism;
  if (!elastic && succeeded < (old.succeeded ?? 0)) {
    errors.push(invalid('status.succeeded', succeeded, 'cannot decrease the succeeded counter'));
  }
  if (status.completionTime && old.completionTime && changed('completionTime')) {
    errors.push(invalid('status.completionTime', status.completionTime, 'completionTime cannot be mutated'));
  }
  if (old.startTime && changed('startTime') && spec.suspend !== true) {
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'));
  }
  if (was('SuccessCriteriaMet') && !is('SuccessCriteriaMet')) {
    refuse('cannot disable the SuccessCriteriaMet=True condition');
  }
  if (was('Complete') && !was('SuccessCriteriaMet') && is('SuccessCriteriaMet')) {
    refuse('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
  }
  return errors;
}
