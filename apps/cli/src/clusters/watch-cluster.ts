import { CLUSTERS, type Cluster } from '@sampan/clusters';
import type { Client } from '@sampan/machinery';
import { watchObject } from '../watch-object.ts';

/**
 * Looks at a cluster until `verdict` gives something, each time it changes; undefined when the time is over. It is not
 * there: `verdict` gets undefined. What `verdict` throws ends it.
 */
export function watchCluster<T>(
  client: Client,
  { name, timeoutMs }: { readonly name: string; readonly timeoutMs: number },
  verdict: (cluster: Cluster | undefined) => T | undefined,
): Promise<T | undefined> {
  return watchObject(client, { ref: CLUSTERS, name, timeoutMs }, verdict);
}
