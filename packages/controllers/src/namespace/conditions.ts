/** What is left in a namespace that goes away, and what went wrong. */
export interface Remains {
  /** Discovery did not say all there is. */
  discoveryError?: string;
  /** One text for each resource that could not be emptied. */
  readonly errors: string[];
  /** Objects by `RESOURCE.GROUP`. */
  readonly counts: Map<string, number>;
  /** Objects by finalizer. */
  readonly finalizers: Map<string, number>;
}

export interface NamespaceCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

/** In upstream's order, with reason and message of when all is well (namespace deletion status_condition_utils.go). */
const WELL: readonly (readonly [type: string, reason: string, message: string])[] = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  [
    'NamespaceDeletionGroupVersionParsingFailure',
    'ParsedGroupVersions',
    'All legacy kube types successfully parsed',
  ],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
];

/**
 * The conditions of a namespace after a round of deletion; the same array when nothing changed. Pure; `now` as
 * metav1.Time.
 */
export function deletionConditions(
  present: readonly NamespaceCondition[],
  remains: Remains,
  now: string,
): readonly NamespaceCondition[] {
  const problems = problemsOf(remains);
  let changed = false;
  const next = present.map((condition) => ({ ...condition }));
  for (const [type, reason, message] of WELL) {
    const problem = problems.get(type);
    const wanted = problem
      ? { status: 'True' as const, ...problem }
      : { status: 'False' as const, reason, message };
    const old = next.find((condition) => condition.type === type);
    if (!old) {
      next.push({
        type,
        status: wanted.status,
        lastTransitionTime: now,
        reason: wanted.reason,
        message: wanted.message,
      });
      changed = true;
    } else if (
      old.status !== wanted.status ||
      old.reason !== wanted.reason ||
      old.message !== wanted.message
    ) {
      if (old.status !== wanted.status) old.lastTransitionTime = now;
      Object.assign(old, wanted);
      changed = true;
    }
  }
  return changed ? next : present;
}

function problemsOf(remains: Remains): Map<string, { reason: string; message: string }> {
  const { discoveryError, errors, counts, finalizers } = remains;
  const problems = new Map<string, { reason: string; message: string }>();
  if (discoveryError !== undefined)
    problems.set('NamespaceDeletionDiscoveryFailure', { reason: 'DiscoveryFailed', message: discoveryError });
  if (errors.length > 0) {
    problems.set('NamespaceDeletionContentFailure', {
      reason: 'ContentDeletionFailed',
      message: `Failed to delete all resource types, ${errors.length} remaining: ${[...errors].sort().join(', ')}`,
    });
  }
  if (counts.size > 0) {
    const list = [...counts].map(([name, count]) => `${name} has ${count} resource instances`).sort();
    problems.set('NamespaceContentRemaining', {
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${list.join(', ')}`,
    });
  }
  if (finalizers.size > 0) {
    const list = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
    problems.set('NamespaceFinalizersRemaining', {
      reason: 'SomeFinalizersRemain',
      message: `Some content in the namespace has finalizers remaining: ${list.join(', ')}`,
    });
  }
  return problems;
}
