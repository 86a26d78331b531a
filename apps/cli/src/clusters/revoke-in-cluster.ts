import { StatusError } from '@sampan/api';
import type { ClusterRevocation } from '@sampan/clusters';
import type { Client } from '@sampan/machinery';
import type { Invocation } from '../command.ts';
import { applyChange, getCluster, withHost } from './change-cluster.ts';

/** Has a cluster believe no certificate any more that a user was given up to now; resolves when that is so. */
export async function revokeInCluster(invocation: Invocation, cluster: string, user: string): Promise<void> {
  await withHost(invocation, (client) => revokeBy(client, invocation, cluster, user));
}

/** Of several who revoke at once nobody's revocation gets lost. */
export async function revokeBy(
  client: Client,
  invocation: Pick<Invocation, 'options'>,
  cluster: string,
  user: string,
): Promise<void> {
  const until = new Date().toISOString();
  for (;;) {
    const { metadata, spec } = await getCluster(client, cluster);
    const others = (spec?.revoked ?? []).filter((each) => each.user !== user);
    const revoked: ClusterRevocation[] = [...others, { user, until }];
    const { resourceVersion } = metadata;
    try {
      await applyChange(invocation, client, cluster, {
        patch: { revoked },
        resourceVersion,
        word: 'changed',
      });
      return;
    } catch (error) {
      // somebody else changed it in between
      if (!(error instanceof StatusError) || error.code !== 409) throw error;
    }
  }
}
