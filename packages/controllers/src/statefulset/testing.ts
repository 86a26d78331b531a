import type { k8s } from '@sampan/api';
import type { Claim } from '@sampan/machinery';
import type { Pod, StatefulSet } from '../workloads/objects.ts';
import { podOf } from '../workloads/testing.ts';
import { newPod } from './identity.ts';

/** For tests: StatefulSets and their pods. */
export const templateOf = (image: string): k8s.PodTemplateSpec => ({
  metadata: { labels: { app: 's' } },
  spec: { containers: [{ name: 'c', image }] },
});

export function setOf(replicas: number, spec: Partial<k8s.StatefulSetSpec> = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 's', namespace: 'default', uid: 's', generation: 1 },
    spec: {
      replicas,
      serviceName: 's',
      selector: { matchLabels: { app: 's' } },
      template: templateOf('i1'),
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      ...spec,
    },
  };
}

export const DATA: k8s.PersistentVolumeClaim = { metadata: { name: 'data' }, spec: {} };

/** The pod of an ordinal; not ready unless `readySince`. */
export function replica(
  set: StatefulSet,
  ordinal: number,
  revision: string,
  options: { readySince?: number; deleted?: boolean; phase?: string } = {},
): Pod {
  const pod = newPod(set, set.spec.template, revision, ordinal);
  const { name = '' } = pod.metadata;
  const state = podOf(name, { node: 'n', ...options });
  const { deletionTimestamp } = state.metadata;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      uid: `uid-${name}`,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    status: state.status ?? {},
  };
}

export const claimOf = (name: string, metadata: Partial<Claim['metadata']> = {}): Claim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default', ...metadata },
  spec: {},
});
