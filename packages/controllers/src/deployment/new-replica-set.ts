import { controllerReference } from '@sampan/machinery';
import { safeHash } from '../workloads/hash.ts';
import type { Deployment, ReplicaSet } from '../workloads/objects.ts';
import { newSetAnnotations, sizeAnnotations } from './annotations.ts';
import { HASH_LABEL, mostReplicas, replicasOf } from './replica-sets.ts';

/** The set of the Deployment's template, still without pods. */
export function newReplicaSet(deployment: Deployment, revision: bigint): ReplicaSet {
  const { spec, metadata, status } = deployment;
  const hash = safeHash(spec.template, status?.collisionCount);
  const labels = { ...spec.template.metadata?.labels, [HASH_LABEL]: hash };
  const set: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels,
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      minReadySeconds: spec.minReadySeconds ?? 0,
      selector: {
        ...spec.selector,
        matchLabels: { ...spec.selector.matchLabels, [HASH_LABEL]: hash },
      },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
  const annotations = {
    ...newSetAnnotations(deployment, set, revision),
    ...sizeAnnotations(replicasOf(deployment), mostReplicas(deployment)),
  };
  return { ...set, metadata: { ...set.metadata, annotations } };
}
