import type { ClusterRevocation } from '@sampan/clusters';
import type { Invocation } from '../command.ts';
import { applyChange, getCluster, withHost } from './change-cluster.ts';

/** Has a cluster believe no certificate any more that a user was given up to now; resolves when that is so. */
export async function revokeInCluster(invocation: Invocation, cluster: string, user: string): Promise<void> {
  await withHost(invocation, async (client) => {
    const { spec } = await getCluster(client, cluster);
    const until = new Date().toISOString();
    const others = (spec?.revoked ?? []).filter((each) => each.user !== user);
    const revoked: ClusterRevocation[] = [...others, { user, until }];
    await applyChange(invocation, client, cluster, { patch: { revoked }, word: 'changed' });
  });
}
