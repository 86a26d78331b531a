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
import type { JoinedNodes } from './joined/joined-nodes.ts';

/**
 * The ways from a guest's API to its pods: logs, exec and proxies; webhooks and aggregated API servers. None leads to
 * the machine itself, whatever tenants write into EndpointSlices and Nodes, nor to hosts outside, but to kubelets that
 * joined, where the owner of the machine lets them be.
 */
export function guestWays(
  machine: MachineNode | undefined,
  joined: JoinedNodes,
): Pick<ControlPlaneOptions, 'nodeProxy' | 'dialer'> {
  const agent = machine && new NodeAgent(machine.agentSocket);
  const reach = (ip: string) => machine && endpointAddressOf(machine.network, ip);
  return {
    nodeProxy: (reader) =>
      createNodeProxy({
        agent: (node) => (node === machine?.name ? agent : joined.kubelet(reader, node)),
        reader,
        reach: (ip, onNode) => (onNode ? undefined : reach(ip)),
      }),
    ...(machine ? { dialer: (reader) => createServiceDialer({ reader, reach, allowedHosts: [] }) } : {}),
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
