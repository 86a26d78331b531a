/**
 * Tier 3: the network of clusters. Start with `cluster-table.ts` (all rules of a cluster as one pure function), then
 * `cluster/network-namespace.ts` (where they are in force) and `start-network.ts` (what follows the API).
 */

export * from './cluster/addresses.ts';
export * from './cluster/cni.ts';
export * from './cluster/host-table.ts';
export * from './cluster/network-namespace.ts';
export { CLUSTER_TABLE, type ClusterAddresses, type ClusterState, clusterTable } from './cluster-table.ts';
export { NftApplier, type NftApplierOptions } from './nft/nft-applier.ts';
export type { NftChain, NftSet, NftTable } from './nft/table.ts';
