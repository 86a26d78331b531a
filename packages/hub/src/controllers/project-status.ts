import { conditionsOf, type Told } from '../kinds/conditions.ts';
import {
  DELETE_CONTENT,
  type ProjectConditionType,
  type ProjectObject,
  type ProjectStatus,
  type RetentionStatus,
} from '../kinds/project.ts';
import type { ProjectCounts } from '../metadata/project-counts.ts';

export interface ProjectFacts extends ProjectCounts {
  /** The last run; undefined: none yet. */
  readonly retention?: RetentionStatus | undefined;
  /** What is wrong with the schedule; undefined: nothing. */
  readonly scheduleError?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The status of a project. Pure. */
export function projectStatus(project: ProjectObject, facts: ProjectFacts): ProjectStatus {
  const { metadata, status } = project;
  const { generation } = metadata;
  const told = [readyOf(project, facts), quotaOf(project, facts), retainedOf(project, facts)];
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf(
      told.filter((condition) => condition !== undefined),
      status?.conditions,
      generation,
      facts.now,
    ),
    usedBytes: facts.bytes,
    repositories: facts.repositories,
    tags: facts.tags,
    ...(facts.retention ? { retention: facts.retention } : {}),
  };
}

function readyOf({ metadata }: ProjectObject, { repositories }: ProjectFacts): Told<ProjectConditionType> {
  if (metadata.deletionTimestamp === undefined)
    return { type: 'Ready', status: 'True', reason: 'Serving', message: 'it takes pushes and pulls' };
  const message = `it is deleted when its ${repositories} repositories are, or by the annotation ${DELETE_CONTENT}=true`;
  return { type: 'Ready', status: 'False', reason: 'HasContent', message };
}

function quotaOf({ spec }: ProjectObject, { bytes }: ProjectFacts): Told<ProjectConditionType> | undefined {
  const limit = spec?.quota?.bytes;
  if (limit === undefined) return undefined;
  const message = `${bytes} of ${limit} bytes are used`;
  if (bytes < limit) return { type: 'QuotaExceeded', status: 'False', reason: 'WithinQuota', message };
  return { type: 'QuotaExceeded', status: 'True', reason: 'NoSpaceLeft', message };
}

function retainedOf(
  { spec }: ProjectObject,
  { retention, scheduleError }: ProjectFacts,
): Told<ProjectConditionType> | undefined {
  if (scheduleError !== undefined)
    return { type: 'Retained', status: 'False', reason: 'InvalidSchedule', message: scheduleError };
  if (!retention) return spec?.retention && NEVER_RUN;
  const { count, dryRun } = retention;
  const message = dryRun
    ? `${count} tags or manifests would have been deleted`
    : `${count} tags or manifests were deleted`;
  return { type: 'Retained', status: 'True', reason: dryRun ? 'DryRun' : 'Done', message };
}

const NEVER_RUN: Told<ProjectConditionType> = {
  type: 'Retained',
  status: 'Unknown',
  reason: 'NotRun',
  message: 'it did not run yet',
};
