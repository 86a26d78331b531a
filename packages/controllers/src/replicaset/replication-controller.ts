import type { KubeObject } from '@sampan/api';
import type { ReplicaSet } from '../workloads/objects.ts';

const read = new WeakMap<KubeObject, ReplicaSet>();

/** A ReplicationController as the ReplicaSet that it would be today; converted once per version. */
export function replicationControllerAsSet(object: KubeObject): ReplicaSet {
  return read.getOrInsertComputed(object, () => {
    const { selector, ...spec } = object.spec;
    return { ...object, spec: { ...spec, selector: { matchLabels: selector ?? {} } } };
  });
}
