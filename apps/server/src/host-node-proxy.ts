import { hostname, networkInterfaces } from 'node:os';
import { createNodeProxy, NodeAgent, type NodeProxy } from '@sampan/apiserver';
import type { HomeLayout } from '@sampan/home';
import type { ObjectReader } from '@sampan/machinery';
import { type ClusterNetwork, endpointAddressOf } from '@sampan/network';

/** The way to what runs on this machine's node, for the host cluster. */
export function createHostNodeProxy(
  home: HomeLayout,
  network: ClusterNetwork,
  reader: ObjectReader,
): NodeProxy {
  const agent = new NodeAgent(home.node.socket);
  // as the node process names it
  const node = hostname().trim().toLowerCase();
  return createNodeProxy({
    agent: (name) => (name === node ? agent : undefined),
    reader,
    reach: (ip, onNode) => (onNode ? machineAddress(ip) : endpointAddressOf(network, ip)),
  });
}

/** Pods on the node's network listen on the machine's own addresses; loopback is no way to reach one. */
function machineAddress(ip: string): string | undefined {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return own.some(({ address, internal }) => address === ip && !internal) ? ip : undefined;
}
