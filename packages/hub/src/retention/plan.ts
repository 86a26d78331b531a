import { type Project, pathInProject } from '../projects/directory.ts';
import { matchesGlob } from '../rules/glob.ts';
import type { RetentionRule, TagPattern } from '../rules/project-rules.ts';
import { subjectOfTag } from './companions.ts';

export const DAY_MS = 24 * 60 * 60_000;

/** A tag as retention sees it; times in milliseconds since the epoch. */
export interface TaggedAt {
  readonly name: string;
  /** When it was set last. */
  readonly pushed: number;
  /** When its manifest was read last; null: never. */
  readonly pulled: number | null;
}

/**
 * Which tags of one repository go, in the order given. Pure. Kept are: what no rule names, what any rule keeps, what
 * is immutable, and what belongs to another manifest (signatures), which goes with that.
 */
export function planRetention<T extends TaggedAt>(
  project: Project,
  repository: string,
  tags: readonly T[],
  now: number,
): T[] {
  const path = pathInProject(repository);
  const here = ({ repositories }: TagPattern) => matchesGlob(repositories, path);
  const fixed = (project.immutability ?? []).filter(here);
  const candidates = tags.filter(
    ({ name }) => subjectOfTag(name) === undefined && !fixed.some((rule) => matchesGlob(rule.tags, name)),
  );
  const named = new Set<T>();
  const kept = new Set<T>();
  for (const rule of (project.retention?.rules ?? []).filter(here)) {
    const own = candidates.filter(({ name }) => matchesGlob(rule.tags, name));
    for (const tag of own) named.add(tag);
    for (const tag of keptBy(rule, own, now)) kept.add(tag);
  }
  return candidates.filter((tag) => named.has(tag) && !kept.has(tag));
}

/** A rule that counts nothing keeps all that it names: an exception to the others. */
function keptBy<T extends TaggedAt>(rule: RetentionRule, tags: readonly T[], now: number): readonly T[] {
  const { keepLast, keepPulledDays, keepPushedDays } = rule;
  if (keepLast === undefined && keepPulledDays === undefined && keepPushedDays === undefined) return tags;
  // of tags set at the same moment, the first by name comes last
  const newest = tags.toSorted((a, b) => b.pushed - a.pushed || (a.name < b.name ? 1 : -1));
  const last = new Set(newest.slice(0, keepLast ?? 0));
  const within = (time: number | null, days: number | undefined): boolean =>
    time !== null && days !== undefined && now - time <= days * DAY_MS;
  return tags.filter(
    (tag) => last.has(tag) || within(tag.pulled, keepPulledDays) || within(tag.pushed, keepPushedDays),
  );
}
