import type { HubParts } from '../api/call.ts';
import type { Project } from '../projects/directory.ts';
import { candidateTags, repositoriesOf, untaggedManifests } from './candidates.ts';
import { DAY_MS, planRetention } from './plan.ts';
import { type RepositoryRef, removeTags, removeUntagged } from './remove-tags.ts';

/** Tags that one transaction removes: few enough that pushes get their turn. */
const AT_ONCE = 50;

/** Tags and manifests that a report names; it counts all. */
const MOST_NAMED = 100;

/** What went, or would. */
export interface Retired {
  /** `REPOSITORY:TAG`, and `REPOSITORY@DIGEST` for a manifest that had no tag; the first ones. */
  readonly deleted: string[];
  /** Of all of them. */
  count: number;
}

interface RunOptions {
  /** Only count. */
  readonly dryRun: boolean;
  /** Asked between steps: whether to end early, with what was done so far. */
  readonly stopped: () => boolean;
}

/** Removes what the policy of a project does not keep. */
export async function runRetention(parts: HubParts, project: Project, options: RunOptions): Promise<Retired> {
  const retired: Retired = { deleted: [], count: 0 };
  for (const repository of await repositoriesOf(parts.records.read, project.name)) {
    await retireTags(parts, project, repository, options, retired);
    await retireUntagged(parts, project, repository, options, retired);
  }
  return retired;
}

async function retireTags(
  { records, clock, events }: HubParts,
  project: Project,
  repository: RepositoryRef,
  { dryRun, stopped }: RunOptions,
  retired: Retired,
): Promise<void> {
  const tags = await candidateTags(records.read, repository.id);
  const planned = planRetention(project, repository.name, tags, clock.now());
  for (let start = 0; start < planned.length && !stopped(); start += AT_ONCE) {
    const some = planned.slice(start, start + AT_ONCE);
    const gone = dryRun ? some : await removeTags(events, repository, some);
    add(
      retired,
      gone.map(({ name }) => `${repository.name}:${name}`),
    );
  }
}

/** After the tags: what they left behind, and what was pushed over before. */
async function retireUntagged(
  { records, clock, events }: HubParts,
  project: Project,
  repository: RepositoryRef,
  { dryRun, stopped }: RunOptions,
  retired: Retired,
): Promise<void> {
  const days = project.retention?.keepUntaggedDays;
  if (days === undefined) return;
  const before = clock.now() - days * DAY_MS;
  for (let after = ''; !stopped(); ) {
    const found = await untaggedManifests(records.read, repository.id, { before, after, limit: AT_ONCE });
    const gone = dryRun ? found : await removeUntagged(events, repository, found, before);
    add(
      retired,
      gone.map((digest) => `${repository.name}@${digest}`),
    );
    const last = found.at(-1);
    if (last === undefined || found.length < AT_ONCE) return;
    after = last;
  }
}

function add(retired: Retired, names: readonly string[]): void {
  retired.count += names.length;
  retired.deleted.push(...names.slice(0, MOST_NAMED - retired.deleted.length));
}
