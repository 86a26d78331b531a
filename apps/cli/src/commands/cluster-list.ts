import { CLUSTERS, type Cluster } from '@sampan/clusters';
import { withHost } from '../clusters/change-cluster.ts';
import { printClusters } from '../clusters/print-clusters.ts';
import type { Invocation } from '../command.ts';
import { asCalled } from '../program-name.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { options, environment } = invocation;
  const labelSelector = typeof options.selector === 'string' ? options.selector : undefined;
  const { items } = await withHost(invocation, (client) =>
    client.list<Cluster>(CLUSTERS, labelSelector === undefined ? {} : { labelSelector }),
  );
  const isEmpty = items.length === 0 && (options.output === undefined || options.output === 'wide');
  if (isEmpty)
    process.stderr.write(
      asCalled('There are no clusters yet. Make one: sampan cluster create dev\n', environment),
    );
  else await printClusters(items, options.output);
  return 0;
}
