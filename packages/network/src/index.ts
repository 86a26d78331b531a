/**
 * Tier 3: the network of clusters. Start with `cluster-table.ts` (all rules of a cluster as one pure function), then
 * `cluster/network-namespace.ts` (where they are in force) and `start-network.ts` (what follows the API).
 */
export * from './cluster/addresses.ts';
export { chooseIndex } from './cluster/choose-index.ts';
export * from './cluster/cni.ts';
export { ensureHostPods, forgetHostPods, type HostPods } from './cluster/host-pods.ts';
export {
  type HostApi,
  type HostPort,
  type HostTableOptions,
  hostTable,
  hostTableName,
  wantedHostPorts,
} from './cluster/host-table.ts';
export * from './cluster/network-namespace.ts';
export { CLUSTER_TABLE, type ClusterAddresses, type ClusterState, clusterTable } from './cluster-table.ts';
export { type DnsLimits, DnsServer, type DnsServerOptions } from './dns/dns-server.ts';
export { dnsService } from './dns/dns-service.ts';
export { MemoryZone } from './dns/memory-zone.ts';
export { publishDns } from './dns/publish-dns.ts';
export { parseResolvConf, Upstream, type UpstreamOptions, type UpstreamServer } from './dns/upstream.ts';
export type * from './dns/zone-view.ts';
export type { ProxyPorts } from './ingress/haproxy-config.ts';
export { haproxyUser, type ProxyUser } from './ingress/proxy-user.ts';
export {
  endIngress,
  type RunningIngress,
  type StartIngressOptions,
  startIngress,
} from './ingress/start-ingress.ts';
export { NftApplier, type NftApplierOptions } from './nft/nft-applier.ts';
export type { NftChain, NftSet, NftTable } from './nft/table.ts';
export {
  type RunningNetwork,
  removeHostRules,
  type StartNetworkOptions,
  startNetwork,
} from './start-network.ts';
