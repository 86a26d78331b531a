import type { NftTable } from './nft/table.ts';
import { TableBuilder } from './nft/table.ts';
import type { PolicyState } from './policy/policy-rules.ts';
import { addPolicies } from './policy/policy-rules.ts';
import { addHostPorts } from './services/host-ports.ts';
import type { Pod } from './services/objects.ts';
import type { ServicePort } from './services/service-ports.ts';
import { addServices, type ServiceAddresses } from './services/service-rules.ts';

/** Of a cluster's network namespace; `cluster/addresses.ts` chooses them. */
export interface ClusterAddresses extends ServiceAddresses {
  /** Sources that policies never hold back: the node's own, and the machine's end of the link (probes). */
  readonly nodeSources: readonly string[];
  /** The interface towards the machine. */
  readonly uplink: string;
  /** The machine's name for the pod range: one to one, of the same size. */
  readonly hostRange: string;
}

/** What the rules of a cluster follow from. */
export interface ClusterState extends PolicyState {
  /** Of `servicePortsOf`. */
  readonly ports: readonly ServicePort[];
  /** Those with host ports at least. */
  readonly apiPods: Iterable<Pod>;
}

export const CLUSTER_TABLE = 'sampan';

/**
 * All rules of a cluster's network namespace: Services, host ports, policies, and the mapping of pod addresses to
 * those that the machine knows. Pure.
 */
export function clusterTable(state: ClusterState, addresses: ClusterAddresses): NftTable {
  const table = new TableBuilder();
  const { uplink, hostRange, podRange } = addresses;
  addServices(table, state.ports, addresses);
  addHostPorts(table, state.apiPods);
  addPolicies(table, state, addresses);
  const local = ['jump services', 'jump host-ports'];
  table.chain(
    'prerouting',
    [...local, `iifname "${uplink}" dnat ip prefix to ip daddr map { ${hostRange} : ${podRange} }`],
    'type nat hook prerouting priority dstnat; policy accept;',
  );
  table.chain('output', local, 'type nat hook output priority -100; policy accept;');
  table.chain(
    'postrouting',
    [
      // else the answer would not come back through here
      'ct status dnat ip saddr . ip daddr @hairpin masquerade',
      `oifname "${uplink}" snat ip prefix to ip saddr map { ${podRange} : ${hostRange} }`,
      `oifname "${uplink}" ct status dnat masquerade`,
    ],
    'type nat hook postrouting priority srcnat; policy accept;',
  );
  const reject = 'ct state new jump reject-services';
  const filter = (hook: string) => `type filter hook ${hook} priority filter; policy accept;`;
  table.chain('filter-input', [reject], filter('input'));
  table.chain('filter-output', [reject], filter('output'));
  table.chain('filter-forward', [reject, 'jump policies'], filter('forward'));
  return table.build(CLUSTER_TABLE);
}
