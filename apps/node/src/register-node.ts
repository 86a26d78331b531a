import type { k8s } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { NodeLease, type NodePressure, NodeRegistrar, nodeStatus } from '@sampan/kubelet';
import { type Client, REFS } from '@sampan/machinery';
import type { ClusterNetwork } from '@sampan/network';
import type { MachinePart } from './machine-part.ts';
import type { NodeBounds } from './node-bounds.ts';
import { NODE_VERSION } from './version.ts';

export interface RegisterOptions {
  readonly part: MachinePart;
  readonly client: Client;
  readonly network: ClusterNetwork;
  readonly addresses: readonly k8s.NodeAddress[];
  readonly showsImages: boolean;
  readonly bounds: NodeBounds;
  /** Whether somebody judges by it that the node is alive; if not, nothing is written while nothing changes. */
  readonly hasLease: boolean;
  readonly pressure: () => NodePressure;
}

export interface RegisteredNode {
  /** Something of the node's status is other now. */
  changed(): void;
  /** The node as the API has it. */
  observed(node: k8s.Node): void;
  stop(): Promise<void>;
}

/** Has the API know this node and that it is alive; resolves when it does. */
export async function registerNode(options: RegisterOptions): Promise<RegisteredNode> {
  const { part, client, network, addresses, showsImages, pressure, bounds, hasLease } = options;
  const { node, clock, log, runtime, handlers } = part;
  const registrar = new NodeRegistrar({
    ...{ client, clock, log },
    name: node,
    labels: labelsOf(node, part.machine.architecture),
    podCidr: network.podRange,
    status: async (previous) =>
      nodeStatus({
        machine: bounds.machine,
        addresses: [...addresses, { type: 'Hostname', address: node }],
        runtime: part.version,
        version: NODE_VERSION,
        conditions: await runtime.conditions().catch((error: unknown) => ({
          ready: false,
          networkReady: false,
          message: `the container runtime does not answer: ${messageOf(error)}`,
        })),
        pressure: pressure(),
        images: showsImages ? await runtime.listImages().catch(() => []) : [],
        reserved: bounds.reserved,
        maxPods: bounds.maxPods,
        handlers: ['', ...handlers],
        previous,
        now: clock.now(),
      }),
  });
  await registrar.start();
  const lease = hasLease ? await startLease(options) : undefined;
  return {
    changed: () => registrar.changed(),
    observed: (node) => registrar.observed(node),
    async stop() {
      await lease?.stop();
      await registrar.stop();
    },
  };
}

async function startLease({ part: { node, clock, log }, client }: RegisterOptions): Promise<NodeLease> {
  const { metadata } = await client.get(REFS.nodes, undefined, node);
  const lease = new NodeLease({ client, clock, log, node, uid: metadata.uid ?? '' });
  lease.start();
  return lease;
}

function labelsOf(name: string, architecture: string): Record<string, string> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': architecture,
  };
}
