import {
  type ControlPlaneOptions,
  createNodeProxy,
  createServiceDialer,
  keepNodeObjects,
  metricsResources,
  NodeAgent,
} from '@sampan/apiserver';
import type { Logger } from '@sampan/base';
import type { ControlPlaneHandle } from '@sampan/machinery';
import { endpointAddressOf } from '@sampan/network';
import type { MachineNode } from './guest.ts';

/**
 * The ways from a guest's API to its pods: logs, exec and proxies; webhooks and aggregated API servers. None leads to
 * the machine itself, whatever tenants write into EndpointSlices and Nodes, nor to hosts outside.
 */
export function machineWays({
  name,
  agentSocket,
  network,
}: MachineNode): Required<Pick<ControlPlaneOptions, 'nodeProxy' | 'dialer'>> {
  const agent = new NodeAgent(agentSocket);
  return {
    nodeProxy: (reader) =>
      createNodeProxy({
        agent: (node) => (node === name ? agent : undefined),
        reader,
        reach: (ip, onNode) => (onNode ? undefined : endpointAddressOf(network, ip)),
      }),
    dialer: (reader) =>
      createServiceDialer({ reader, reach: (ip) => endpointAddressOf(network, ip), allowedHosts: [] }),
  };
}

/** Serves what its pods use of the machine, and makes what belongs to nodes; the returned function ends that. */
export function serveMachine(
  plane: ControlPlaneHandle,
  { agentSocket }: MachineNode,
  log: Logger,
): () => void {
  const agent = new NodeAgent(agentSocket);
  const endings = metricsResources(agent, plane.reader).map((resource) => plane.provide(resource));
  endings.push(keepNodeObjects(plane, log));
  return () => {
    for (const end of endings) end();
  };
}
