import { messageOf, SampanError } from '@sampan/base';
import type { HubParts } from '../api/call.ts';
import type { ProjectContent } from '../controllers/project-controller.ts';
import { seconds } from '../kinds/conditions.ts';
import type { RetentionStatus } from '../kinds/project.ts';
import { projectCounts } from '../metadata/project-counts.ts';
import { nextRetentionAt } from '../retention/due.ts';
import type { Retention } from '../retention/retention.ts';
import type { RetentionRun } from '../retention/runs.ts';
import { emptyProject } from './empty-project.ts';

/** What the registry knows of projects, and may do with what they hold. */
export function projectContent(parts: HubParts, retention: Retention): ProjectContent {
  return {
    counts: (project) => projectCounts(parts.records.read, project),
    isEmpty: async (project) => {
      // in the row of what is written: a push that looked at the project before is in it
      const { repositories } = await parts.records.write((to) => projectCounts(to, project));
      return repositories === 0;
    },
    empty: (project) => emptyProject(parts, project),
    specChanged: (project) => retention.changed(project),
    retention: async (project) => {
      const run = await retention.last(project);
      return run && statusOf(run);
    },
    scheduleError: (project) => scheduleError(parts, project),
  };
}

function statusOf({ time, handled, ...rest }: RetentionRun): RetentionStatus {
  return {
    ...rest,
    time: seconds(time),
    ...(handled === undefined ? {} : { handled: new Date(handled).toISOString() }),
  };
}

function scheduleError({ directory }: HubParts, name: string): string | undefined {
  const schedule = directory.project(name)?.retention?.schedule;
  if (schedule === undefined) return undefined;
  try {
    nextRetentionAt(
      { schedule, dryRun: false, rules: [] },
      { schedule, since: 0, handled: undefined, last: undefined },
    );
    return undefined;
  } catch (error) {
    const hint = error instanceof SampanError && error.hint ? ` ${error.hint}` : '';
    return `${messageOf(error)}${hint}`;
  }
}
