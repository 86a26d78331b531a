import { errors, type KubeObject } from '@sampan/api';
import { deepClone } from '@sampan/base';
import type { ApiContext } from '../http/api-context.ts';
import { formatTime } from '../registry/metadata.ts';
import type { RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { update } from '../registry/update.ts';
import { admitted } from './admitted.ts';
import { success } from './status-success.ts';

/**
 * Puts a pod on a node (kubernetes pkg/registry/core/pod/storage BindingREST): a pod is bound once. Throws
 * NotFound, Conflict, and Invalid for a binding that is not well formed, where upstream answers a plain 500.
 */
export async function bindPod(
  api: ApiContext,
  resource: ServedResource,
  namespace: string,
  name: string,
  binding: KubeObject,
  context: RequestContext,
): Promise<KubeObject> {
  if (binding.metadata.name !== name) {
    throw errors.badRequest('name in URL does not match name in Binding object');
  }
  const { rules } = api.cluster.resources.get('', 'v1', 'bindings')?.definition ?? {};
  const problems = rules?.validate?.(binding, { now: api.cluster.clock.now() }) ?? [];
  if (problems.length > 0) throw errors.invalid({ group: '', kind: 'Binding' }, name, problems);
  const request = { namespace, name, subresource: 'binding', object: binding };
  await admitted(api.cluster, resource, request, context, () =>
    update(
      api.cluster,
      resource,
      {
        namespace,
        name,
        subresource: 'binding',
        next(old) {
          if (!old) throw errors.notFound(resource.gr, name);
          return boundPod(old, binding, api.cluster.clock.now());
        },
        // the server writes: nobody owns what it sets
        applied: true,
        rules: {},
      },
      context,
    ),
  );
  return success();
}

function boundPod(old: KubeObject, binding: KubeObject, now: number): KubeObject {
  const { name = '' } = old.metadata;
  const refuse = (text: string) => errors.conflict({ group: '', resource: 'pods/binding' }, name, text);
  const { uid, resourceVersion } = binding.metadata;
  if (uid && uid !== old.metadata.uid) {
    throw refuse(
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`,
    );
  }
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) {
    throw refuse(
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion ?? ''}`,
    );
  }
  if (old.metadata.deletionTimestamp !== undefined)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (old.spec?.nodeName) {
    throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(old.spec.nodeName)}`);
  }
  if ((old.spec?.schedulingGates?.length ?? 0) > 0)
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const pod = deepClone(old);
  pod.spec = { ...pod.spec, nodeName: binding.target.name };
  const { annotations, labels } = binding.metadata;
  if (annotations && Object.keys(annotations).length > 0)
    pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations };
  // only topology labels are copied (KEP-4742), and they replace those of the pod
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (TOPOLOGY_LABELS.has(key)) pod.metadata.labels = { ...pod.metadata.labels, [key]: value };
  }
  setCondition(pod, { type: 'PodScheduled', status: 'True' }, now);
  return pod;
}

const TOPOLOGY_LABELS = new Set(['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']);

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Adds or replaces a pod's condition; its time changes with its status only (podutil.UpdatePodCondition). */
export function setCondition(pod: KubeObject, condition: Condition, now: number): void {
  const present: (Condition & { lastTransitionTime?: string })[] = pod.status?.conditions ?? [];
  const last = present.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    last && last.status === condition.status && last.lastTransitionTime
      ? last.lastTransitionTime
      : formatTime(now);
  const next = { lastProbeTime: null, ...condition, lastTransitionTime };
  pod.status = {
    ...pod.status,
    conditions: last ? present.map((each) => (each === last ? next : each)) : [...present, next],
  };
}
