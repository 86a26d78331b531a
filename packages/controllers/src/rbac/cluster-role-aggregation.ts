import { aggregatedRules, type RoleObject } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { REFS, Reconciler } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf } from '../controller.ts';

/** Keeps the rules of aggregated ClusterRoles (Kubernetes docs "Using RBAC", Aggregated ClusterRoles). */
export function startClusterRoleAggregation(context: ControllerContext): Controller {
  const client = context.client('clusterrole-aggregation-controller');
  const roles = informerOf<RoleObject>(context, client, REFS.clusterRoles);

  const reconcile = async (name: string) => {
    const role = roles.get('', name);
    if (!role || role.metadata.deletionTimestamp) return undefined;
    const rules = aggregatedRules(role, [...roles.list()]);
    if (!rules || deepEqual(rules, role.rules ?? [])) return undefined;
    await client.update(REFS.clusterRoles, { ...role, rules }).catch(ignore('NotFound'));
    return undefined;
  };
  const reconciler = new Reconciler({
    name: 'clusterrole-aggregation',
    clock: context.clock,
    log: context.log,
    reconcile,
  });
  const aggregated = new Set<string>();
  roles.onChange(({ type, object }) => {
    const name = object.metadata.name ?? '';
    if (type !== 'deleted' && object.aggregationRule) aggregated.add(name);
    else aggregated.delete(name);
    for (const other of aggregated) reconciler.enqueue(other);
  });
  roles.start();
  const synced = roles.synced().then(() => reconciler.start());
  return {
    synced,
    async stop() {
      roles.stop();
      await reconciler.stop();
    },
  };
}
