import type { Deployment, ReplicaSet } from '../workloads/objects.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
/** extensions/v1beta1's rollback, carried in an annotation by apps/v1. */
export const ROLLBACK_TO = 'deprecated.deployment.rollback.to';

/** How long the list of a ReplicaSet's earlier revisions may be, in characters. */
const MOST_HISTORY = 2000;

/** The Deployment's own, which its ReplicaSets do not take over. */
const OWN: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  ROLLBACK_TO,
]);

export type Annotations = Readonly<Record<string, string>>;

/** A whole number in an annotation; undefined when there is none. */
export function numberIn(annotations: Annotations | undefined, name: string): number | undefined {
  const text = annotations?.[name];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

const MOST_INT64 = 2n ** 63n - 1n;

/** Revisions are 64-bit integers, and clients use them as such. Undefined when the text is none. */
export function revisionIn(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d{1,19}$/.test(text)) return undefined;
  const revision = BigInt(text.replace('+', ''));
  return revision <= MOST_INT64 && revision >= -MOST_INT64 - 1n ? revision : undefined;
}

export const revisionOf = (set: ReplicaSet): bigint => revisionIn(set.metadata.annotations?.[REVISION]) ?? 0n;

export function maxRevision(sets: readonly ReplicaSet[]): bigint {
  let most = 0n;
  for (const revision of sets.map(revisionOf)) if (revision > most) most = revision;
  return most;
}

/**
 * The annotations of the ReplicaSet with the present template: those of the Deployment, and its revision, which only
 * grows; earlier ones are remembered (SetNewReplicaSetAnnotations).
 */
export function newSetAnnotations(deployment: Deployment, set: ReplicaSet, revision: bigint): Annotations {
  const annotations = { ...set.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!OWN.has(key)) annotations[key] = value;
  }
  const old = annotations[REVISION];
  if (old !== undefined && old !== '' && revisionIn(old) === undefined) return annotations;
  if ((revisionIn(old) ?? 0n) >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (old !== undefined)
    annotations[REVISION_HISTORY] = longerHistory(annotations[REVISION_HISTORY] ?? '', old);
  return annotations;
}

/** With one more revision, and without the oldest when it grows too long. */
function longerHistory(history: string, revision: string): string {
  const longer = history === '' ? revision : `${history},${revision}`;
  if (longer.length <= MOST_HISTORY) return longer;
  // up to a comma, so that no number is cut
  return longer.slice(longer.indexOf(',', longer.length - MOST_HISTORY - 1) + 1);
}

/** What a ReplicaSet remembers of the Deployment's size, to tell scaling from rolling and to scale in proportion. */
export const sizeAnnotations = (desired: number, most: number): Annotations => ({
  [DESIRED_REPLICAS]: String(desired),
  [MAX_REPLICAS]: String(most),
});

/** The Deployment's annotations after it went back to a ReplicaSet's template (SetDeploymentAnnotationsTo). */
export function rolledBackAnnotations(deployment: Deployment, to: ReplicaSet): Annotations {
  const own = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key]) => OWN.has(key) && key !== ROLLBACK_TO,
  );
  const others = Object.entries(to.metadata.annotations ?? {}).filter(([key]) => !OWN.has(key));
  return Object.fromEntries([...own, ...others]);
}
