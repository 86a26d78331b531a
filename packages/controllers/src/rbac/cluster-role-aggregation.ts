import { aggregatedRules, type RoleObject } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { REFS, Reconciler, Reflector } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore } from '../controller.ts';

/** What is worked on: all aggregated roles at once, of which there are three in most clusters. */
const ALL = 'all';

/**
 * Keeps the rules of aggregated ClusterRoles (Kubernetes docs "Using RBAC", Aggregated ClusterRoles). Holds no roles:
 * they seldom change, and then all are read.
 */
export function startClusterRoleAggregation(context: ControllerContext): Controller {
  const client = context.client('clusterrole-aggregation-controller');
  const { clock, log } = context;
  const reconciler = new Reconciler({ name: 'clusterrole-aggregation', clock, log, reconcile });
  const synced = Promise.withResolvers<void>();
  const look = () => reconciler.enqueue(ALL);
  const roles = new Reflector(
    { client, ref: REFS.clusterRoles, options: { metadataOnly: true }, clock, log },
    {
      beginList: () => {},
      endList: () => {
        look();
        reconciler.start();
        synced.resolve();
      },
      put: look,
      remove: look,
    },
  );
  roles.start();
  return {
    synced: synced.promise,
    async stop() {
      roles.stop();
      await reconciler.stop();
    },
  };

  async function reconcile(): Promise<undefined> {
    const { items } = await client.list<RoleObject>(REFS.clusterRoles);
    await Promise.all(items.map((role) => aggregate(role, items)));
    return undefined;
  }

  async function aggregate(role: RoleObject, all: readonly RoleObject[]): Promise<void> {
    if (role.metadata.deletionTimestamp) return;
    const rules = aggregatedRules(role, all);
    if (!rules || deepEqual(rules, role.rules ?? [])) return;
    await client.update(REFS.clusterRoles, { ...role, rules }).catch(ignore('NotFound'));
  }
}
