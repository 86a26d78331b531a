import { BASELINE_CHECKS } from './baseline-checks.ts';
import type { Check, Violation } from './check.ts';
import { isSince, type LevelVersion } from './levels.ts';
import type { PodLike } from './pod.ts';
import { RESTRICTED_CHECKS } from './restricted-checks.ts';

type Run = (pod: PodLike) => Violation | undefined;

const plans = new Map<string, readonly Run[]>();

/** Everything about a pod that the level forbids: baseline first, by the checks' ids. */
export function violations(policy: LevelVersion, pod: PodLike): Violation[] {
  return planOf(policy).flatMap((run) => run(pod) ?? []);
}

export const detailsOf = (list: readonly Violation[]): string =>
  list.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');

export const reasonsOf = (list: readonly Violation[]): string => list.map(({ reason }) => reason).join(', ');

/** Which checks in which version; versions beyond the newest check are one. */
function planOf({ level, version }: LevelVersion): readonly Run[] {
  const key = `${level} ${version === 'latest' ? version : Math.min(version, NEWEST)}`;
  let plan = plans.get(key);
  if (!plan) {
    plan = planFor({ level, version });
    plans.set(key, plan);
  }
  return plan;
}

const NEWEST = Math.max(
  ...[...BASELINE_CHECKS, ...RESTRICTED_CHECKS].flatMap(({ versions }) => versions.map(({ since }) => since)),
);

function planFor({ level, version }: LevelVersion): Run[] {
  if (level === 'privileged') return [];
  const chosen = (check: Check): Run | undefined =>
    check.versions.findLast(({ since }) => isSince(version, since))?.run;
  const runs = (checks: readonly Check[]) => checks.flatMap((check) => chosen(check) ?? []);
  if (level === 'baseline') return runs(BASELINE_CHECKS);
  const restricted = RESTRICTED_CHECKS.filter(chosen);
  const covered = new Set(restricted.flatMap(({ overrides = [] }) => overrides));
  return [...runs(BASELINE_CHECKS.filter(({ id }) => !covered.has(id))), ...runs(restricted)];
}
