import { type KubeObject, type k8s, StatusError, semanticEqual } from '@sampan/api';
import { isObject, setOwn } from '@sampan/base';
import { type Client, controllerReference } from '@sampan/machinery';
import { ignore } from '../controller.ts';
import { safeHash } from './hash.ts';
import { type ControllerRevision, WORKLOADS } from './objects.ts';
import { timeOf } from './pod-state.ts';

/** The pod label that says which revision of its owner's template a pod is made of. */
export const REVISION_LABEL = 'controller-revision-hash';
/** Names are the owner's with a hash behind it; so much of the owner's fits. */
const MOST_OWNER_NAME = 223;

export const byRevision = (a: ControllerRevision, b: ControllerRevision): number =>
  a.revision - b.revision ||
  timeOf(a.metadata.creationTimestamp) - timeOf(b.metadata.creationTimestamp) ||
  ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);

/** The template that a revision remembers. */
export function templateOf(revision: ControllerRevision): k8s.PodTemplateSpec {
  const { $patch: _, ...template } = revision.data?.spec?.template ?? {};
  return template;
}

export type RevisionPlan =
  /** The latest one has the template. */
  | { readonly type: 'keep'; readonly revision: ControllerRevision }
  /** An earlier one has it, and becomes the latest again. */
  | { readonly type: 'renumber'; readonly revision: ControllerRevision; readonly to: number }
  | { readonly type: 'create'; readonly number: number };

/** Which of an owner's revisions has its template (kubernetes getStatefulSetRevisions, constructHistory). Pure. */
export function planRevision(
  template: k8s.PodTemplateSpec,
  revisions: readonly ControllerRevision[],
): RevisionPlan {
  const sorted = [...revisions].sort(byRevision);
  const latest = sorted.at(-1);
  const next = (latest?.revision ?? 0) + 1;
  const equal = sorted.findLast((revision) => semanticEqual(templateOf(revision), template));
  if (!equal) return { type: 'create', number: next };
  return equal === latest
    ? { type: 'keep', revision: equal }
    : { type: 'renumber', revision: equal, to: next };
}

/** The oldest revisions that are more than `limit` and that nobody uses. Pure. */
export function surplusRevisions(
  revisions: readonly ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
  limit: number,
): ControllerRevision[] {
  const history = revisions.filter((revision) => !isLive(revision)).sort(byRevision);
  return history.slice(0, Math.max(0, history.length - limit));
}

export interface RevisionOwner {
  readonly owner: KubeObject & { spec: { template: k8s.PodTemplateSpec } };
  /** The label of a revision that holds its hash. */
  readonly hashLabel: string;
  /** How often names were taken. */
  readonly collisionCount: number | undefined;
}

/** Carries a plan out; says which revision has the template now, and how often names were taken by then. */
export async function applyRevisionPlan(
  client: Client,
  options: RevisionOwner,
  plan: RevisionPlan,
): Promise<{ revision: ControllerRevision; collisionCount: number | undefined }> {
  const ref = WORKLOADS.controllerRevisions;
  const { collisionCount } = options;
  if (plan.type === 'keep') return { revision: plan.revision, collisionCount };
  if (plan.type === 'renumber') {
    const revision = await client.update(ref, { ...plan.revision, revision: plan.to });
    return { revision, collisionCount };
  }
  for (let collisions = collisionCount; ; collisions = (collisions ?? 0) + 1) {
    const wanted = newRevision(options, plan.number, collisions);
    const revision = await createOrGet(client, wanted);
    if (semanticEqual(templateOf(revision), options.owner.spec.template)) {
      return { revision, collisionCount: collisions };
    }
  }
}

async function createOrGet(client: Client, wanted: ControllerRevision): Promise<ControllerRevision> {
  const ref = WORKLOADS.controllerRevisions;
  try {
    return await client.create(ref, wanted);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    return await client.get<ControllerRevision>(ref, wanted.metadata.namespace, wanted.metadata.name ?? '');
  }
}

function newRevision(
  { owner, hashLabel }: RevisionOwner,
  revision: number,
  collisionCount: number | undefined,
): ControllerRevision {
  const { template } = owner.spec;
  const hash = safeHash(template, collisionCount);
  const { name = '', namespace, annotations } = owner.metadata;
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name.slice(0, MOST_OWNER_NAME)}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(annotations ? { annotations } : {}),
      labels: { ...template.metadata?.labels, [hashLabel]: hash },
      ownerReferences: [controllerReference(owner)],
    },
    data: revisionData(template),
    revision,
  };
}

/**
 * A strategic patch that brings the template back: what `kubectl rollout undo` sends. Clients compare it byte by byte
 * with what upstream's controllers write (daemon.Match): keys are in order, and the template's metadata has no time.
 */
export function revisionData(template: k8s.PodTemplateSpec): NonNullable<ControllerRevision['data']> {
  const metadata = { creationTimestamp: null, ...template.metadata };
  return inKeyOrder({
    spec: { template: { ...template, $patch: 'replace', metadata } },
  }) as NonNullable<ControllerRevision['data']>;
}

function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (!isObject(value)) return value;
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) setOwn(sorted, key, inKeyOrder(value[key]));
  return sorted;
}

export async function deleteRevisions(
  client: Client,
  revisions: readonly ControllerRevision[],
): Promise<void> {
  for (const { metadata } of revisions) {
    await client
      .delete(WORKLOADS.controllerRevisions, metadata.namespace, metadata.name ?? '')
      .catch(ignore('NotFound'));
  }
}
