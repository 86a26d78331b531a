import type { HubParts } from '../api/call.ts';
import type { ProjectContent } from '../controllers/project-controller.ts';
import { projectCounts } from '../metadata/project-counts.ts';
import { emptyProject } from './empty-project.ts';

/** What the registry knows of projects, and may do with what they hold. */
export const projectContent = (parts: HubParts): ProjectContent => ({
  counts: (project) => projectCounts(parts.records.read, project),
  empty: (project) => emptyProject(parts, project),
});
