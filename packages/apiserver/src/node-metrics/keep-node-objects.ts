import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { type Logger, messageOf } from '@sampan/base';
import { type Client, type ControlPlaneHandle, REFS, type ResourceRef } from '@sampan/machinery';

const RUNTIME_CLASSES: ResourceRef = {
  group: 'node.k8s.io',
  version: 'v1',
  resource: 'runtimeclasses',
  kind: 'RuntimeClass',
  namespaced: false,
};

/** What a pod takes beside its containers: gVisor's own kernel and its file servers. */
const OVERHEADS: Readonly<Record<string, Record<string, string>>> = { gvisor: { memory: '64Mi' } };

/** Who may see a namespace may see what its pods use, as metrics-server's own manifest has it. */
const METRICS_READER = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: {
    name: 'system:aggregated-metrics-reader',
    labels: Object.fromEntries(
      ['view', 'edit', 'admin'].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']),
    ),
  },
  rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
};

/**
 * Makes what belongs to nodes and is missing: a RuntimeClass for each handler that a node tells of (one that somebody
 * deletes comes back with the next change of that node), and the role that reads metrics. The returned function ends
 * it.
 */
export function keepNodeObjects(
  plane: Pick<ControlPlaneHandle, 'reader' | 'client'>,
  log: Logger,
): () => void {
  const client = plane.client('sampan-server');
  const make = (ref: ResourceRef, object: KubeObject): void => {
    const { name = '' } = object.metadata;
    create(client, ref, object).catch((error: unknown) => {
      log.error('an object of nodes could not be made', { kind: ref.kind, name, error: messageOf(error) });
    });
  };
  make(REFS.clusterRoles, METRICS_READER);
  const follow = (node: KubeObject): void => {
    for (const handler of handlersOf(node)) {
      const known = plane.reader.get(RUNTIME_CLASSES_STORED, '', handler);
      if (!known) make(RUNTIME_CLASSES, runtimeClass(handler));
    }
  };
  for (const node of plane.reader.list('nodes')) follow(node);
  return plane.reader.watch('nodes', ({ type, object }) => {
    if (type !== 'deleted') follow(object);
  });
}

/** As collections are named in the store. */
const RUNTIME_CLASSES_STORED = 'runtimeclasses.node.k8s.io';

function handlersOf(node: KubeObject): string[] {
  const { runtimeHandlers = [] } = (node as k8s.Node).status ?? {};
  return runtimeHandlers.flatMap(({ name }) => (name ? [name] : []));
}

function runtimeClass(handler: string): KubeObject {
  const overhead = OVERHEADS[handler];
  return {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: handler },
    handler,
    ...(overhead && { overhead: { podFixed: overhead } }),
  };
}

async function create(client: Client, ref: ResourceRef, object: KubeObject): Promise<void> {
  try {
    await client.create(ref, object);
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
  }
}
