import { compileLabelSelector, errors, type KubeObject, type LabelSelector, StatusError } from '@sampan/api';
import { deepClone } from '@sampan/base';
import type { ApiContext } from '../http/api-context.ts';
import { remove } from '../registry/delete.ts';
import { type DeleteOptions, deleteOptions } from '../registry/delete-options.ts';
import { formatTime } from '../registry/metadata.ts';
import type { RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { update } from '../registry/update.ts';
import { admitted } from './admitted.ts';
import { setCondition } from './binding.ts';
import { success } from './status-success.ts';

const VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget.";
const SEVERAL =
  'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
const BUDGETS = 'poddisruptionbudgets.policy';
/** So many pods may be on their way out unseen by the disruption controller. */
const MOST_DISRUPTED = 2000;
const RETRY_SECONDS = 10;

/**
 * Deletes a pod if its disruption budget allows (Kubernetes docs "API-initiated Eviction"; kubernetes
 * pkg/registry/core/pod/storage/eviction.go). Throws TooManyRequests with cause DisruptionBudget.
 */
export async function evictPod(
  api: ApiContext,
  resource: ServedResource,
  namespace: string,
  name: string,
  eviction: KubeObject,
  context: RequestContext,
): Promise<KubeObject> {
  if (eviction.metadata.name !== name) {
    throw errors.badRequest('name in URL does not match name in Eviction object');
  }
  const asked = deleteOptions(eviction.deleteOptions ?? {}, new URLSearchParams());
  const dryRun = context.dryRun || (asked.dryRun?.length ?? 0) > 0;
  const own = { ...context, dryRun };
  return admitted(
    api.cluster,
    resource,
    { namespace, name, subresource: 'eviction', object: eviction },
    own,
    () => evict(new Eviction(api, resource, namespace, name, asked, own)),
  );
}

class Eviction {
  readonly api: ApiContext;
  readonly resource: ServedResource;
  readonly namespace: string;
  readonly name: string;
  readonly asked: DeleteOptions;
  readonly context: RequestContext;

  constructor(
    api: ApiContext,
    resource: ServedResource,
    namespace: string,
    name: string,
    asked: DeleteOptions,
    context: RequestContext,
  ) {
    this.api = api;
    this.resource = resource;
    this.namespace = namespace;
    this.name = name;
    this.asked = asked;
    this.context = context;
  }

  /** The pod as it is now, pending writes included. */
  pod(): KubeObject {
    const entry = this.api.cluster.store.latest(this.resource.key(this.namespace, this.name));
    if (!entry) throw errors.notFound(this.resource.gr, this.name);
    return entry.object<KubeObject>();
  }

  /** Says on the pod why it ends (KEP-3329), then deletes it; `unchanged`: only in this version. */
  async delete(unchanged: KubeObject | undefined): Promise<void> {
    let preconditions = this.asked.preconditions ?? {};
    if (unchanged && preconditions.resourceVersion === undefined) {
      preconditions = { ...preconditions, resourceVersion: unchanged.metadata.resourceVersion ?? '' };
    }
    if (!this.context.dryRun) {
      const marked = await this.#mark(preconditions);
      if (preconditions.resourceVersion !== undefined) {
        preconditions = { ...preconditions, resourceVersion: marked.metadata.resourceVersion ?? '' };
      }
    }
    const { api, resource, namespace, name, context } = this;
    await remove(api.cluster, resource, namespace, name, { ...this.asked, preconditions }, context);
  }

  async #mark({ uid, resourceVersion }: { uid?: string; resourceVersion?: string }): Promise<KubeObject> {
    const { api, resource, namespace, name, context } = this;
    const next = (old: KubeObject | undefined) => {
      if (!old) throw errors.notFound(resource.gr, name);
      const pod = deepClone(old);
      if (uid !== undefined) pod.metadata.uid = uid;
      if (resourceVersion !== undefined) pod.metadata.resourceVersion = resourceVersion;
      setCondition(pod, DISRUPTED, api.cluster.clock.now());
      return pod;
    };
    // the server writes: nobody owns the condition
    const plan = { namespace, name, subresource: 'status', next, applied: true, rules: {} };
    return (await update(api.cluster, resource, plan, context)).object;
  }
}

const DISRUPTED = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'EvictionByEvictionAPI',
  message: 'Eviction API: evicting',
};

async function evict(eviction: Eviction): Promise<KubeObject> {
  const pod = eviction.pod();
  if (isBeyondBudgets(pod)) {
    const unchanged = pod.status?.phase === 'Pending' && pod.metadata.deletionTimestamp === undefined;
    await eviction.delete(unchanged ? pod : undefined);
    return success();
  }
  const budgets = budgetsOf(eviction.api, eviction.namespace, pod);
  if (budgets.length > 1) throw severalBudgets();
  const [budget] = budgets;
  const free = budget === undefined || isUnguarded(pod, budget);
  if (budget && !free) await takeDisruption(eviction, budget.metadata.name ?? '');
  try {
    await eviction.delete(budget && free ? pod : undefined);
  } catch (error) {
    const raced = budget && free && error instanceof StatusError && error.reason === 'Conflict';
    if (!raced || eviction.asked.preconditions?.resourceVersion !== undefined) throw error;
    throw stillProcessing(budget.metadata.name ?? '');
  }
  return success();
}

/** Pods that run nothing (yet, or any more) cost no availability. */
function isBeyondBudgets(pod: KubeObject): boolean {
  const phase: string = pod.status?.phase ?? '';
  return (
    phase === 'Succeeded' ||
    phase === 'Failed' ||
    phase === 'Pending' ||
    pod.metadata.deletionTimestamp !== undefined
  );
}

/** Upstream answers so in a Status with HTTP code 201; the code of the Status is what clients must see. */
const severalBudgets = (): StatusError => new StatusError('', SEVERAL, undefined, 500);

/** The budgets whose selector matches the pod; an empty selector matches all pods (policy/v1). */
function budgetsOf(api: ApiContext, namespace: string, pod: KubeObject): KubeObject[] {
  const { entries } = api.cluster.store.list({ prefix: `${BUDGETS}/${namespace}/` });
  return entries
    .map((entry) => entry.object<KubeObject>())
    .filter((budget) => {
      const selector: LabelSelector | undefined = budget.spec?.selector;
      return selector !== undefined && compileLabelSelector(selector).matches(pod.metadata.labels);
    });
}

const isReady = (pod: KubeObject): boolean =>
  (pod.status?.conditions ?? []).some(
    ({ type, status }: { type: string; status: string }) => type === 'Ready' && status === 'True',
  );

/** A pod that is not ready does not count as healthy: it may go without taking a disruption (KEP-3017). */
function isUnguarded(pod: KubeObject, budget: KubeObject): boolean {
  if (isReady(pod)) return false;
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

/** Takes one of the budget's allowed disruptions and tells its controller which pod goes. */
async function takeDisruption(eviction: Eviction, name: string): Promise<void> {
  const { api, namespace, context } = eviction;
  const budgets = api.cluster.resources.storageOf(BUDGETS);
  if (!budgets) throw new Error(`${BUDGETS} is not served`);
  const next = (old: KubeObject | undefined) => {
    if (!old) throw errors.notFound(budgets.gr, name);
    return withDisruption(old, eviction.name, api.cluster.clock.now());
  };
  await update(api.cluster, budgets, { namespace, name, subresource: 'status', next }, context);
}

function withDisruption(old: KubeObject, pod: string, now: number): KubeObject {
  const name = old.metadata.name ?? '';
  const status = old.status ?? {};
  const allowed: number = status.disruptionsAllowed ?? 0;
  if ((status.observedGeneration ?? 0) < (old.metadata.generation ?? 0)) throw stillProcessing(name);
  const gr = { group: 'policy', resource: 'poddisruptionbudget' };
  if (allowed < 0) throw errors.forbidden(gr, name, 'pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > MOST_DISRUPTED) {
    throw errors.forbidden(
      gr,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  }
  if (allowed === 0) {
    const { desiredHealthy = 0, currentHealthy = 0 } = status;
    throw violates(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
      0,
    );
  }
  const budget = deepClone(old);
  budget.status = {
    ...budget.status,
    disruptionsAllowed: allowed - 1,
    disruptedPods: { ...budget.status?.disruptedPods, [pod]: formatTime(now) },
  };
  if (allowed === 1) setExhausted(budget, now);
  return budget;
}

/** Condition DisruptionAllowed (k8s.io/component-helpers/apps/poddisruptionbudget). */
function setExhausted(budget: KubeObject, now: number): void {
  const conditions: { type: string; status: string; lastTransitionTime?: string }[] =
    budget.status.conditions ?? [];
  const last = conditions.find(({ type }) => type === 'DisruptionAllowed');
  const next = {
    type: 'DisruptionAllowed',
    observedGeneration: budget.status.observedGeneration,
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    lastTransitionTime:
      last?.status === 'False' && last.lastTransitionTime ? last.lastTransitionTime : formatTime(now),
  };
  budget.status.conditions = last ? conditions.map((c) => (c === last ? next : c)) : [...conditions, next];
}

const stillProcessing = (budget: string) =>
  violates(`The disruption budget ${budget} is still being processed by the server.`, RETRY_SECONDS);

function violates(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError('TooManyRequests', VIOLATES, {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  });
}
