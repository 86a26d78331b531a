import type { Cluster } from '@sampan/clusters';

/** Without who set which field, as kubectl shows objects. */
export function shownOf(cluster: Cluster): Cluster {
  const { managedFields: _, ...metadata } = cluster.metadata;
  return { ...cluster, metadata };
}
