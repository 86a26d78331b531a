import { statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { MachineQuota } from '@sampan/clusters';
import { type Client, REFS } from '@sampan/machinery';
import { type ClusterNetwork, nodeArrival, publishDns } from '@sampan/network';

/** The machine, as the node of a cluster. */
export interface NodeDescription {
  readonly name: string;
  readonly network: ClusterNetwork;
  readonly quota: MachineQuota;
}

/** Pods on a node at most, as of upstream's. */
const MOST_PODS = 110;

/**
 * Makes what a cluster whose pods run on this machine has from the start: its node, so that pods are bound at once, and
 * the Service of its DNS. What is there stays as it is, but for what the quota changes.
 */
export async function makeNodeObjects(client: Client, node: NodeDescription): Promise<void> {
  await Promise.all([again(() => publishDns(client, node.network)), again(() => ensureNode(client, node))]);
}

/** The node process may make the same in the same moment: then it is looked at once more. */
async function again(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 409) throw error;
    await task();
  }
}

/** As the node process will tell it, too, once the cluster has pods. */
async function ensureNode(client: Client, node: NodeDescription): Promise<void> {
  const { name } = node;
  const present = await client.get<KubeObject>(REFS.nodes, undefined, name).catch((error: unknown) => {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
    return undefined;
  });
  const resources = resourcesOf(node.quota);
  if (present) {
    await bound(client, present, resources);
    return;
  }
  const { podRange } = node.network;
  await client.create<KubeObject>(REFS.nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch,
      },
    },
    spec: { podCIDR: podRange, podCIDRs: [podRange] },
  });
  const status = { capacity: resources, allocatable: resources, ...firstStatus(node) };
  await client.patch(REFS.nodes, undefined, name, 'merge', { status }, { subresource: 'status' });
  // new nodes are taken for not ready until somebody says otherwise
  await client.patch(REFS.nodes, undefined, name, 'merge', { spec: { taints: null } });
}

/** The quota may be another one than when the node was told of last. */
async function bound(
  client: Client,
  present: KubeObject,
  resources: ReturnType<typeof resourcesOf>,
): Promise<void> {
  const { metadata, status } = present as k8s.Node;
  const { cpu, memory, pods } = resources;
  const capacity = { cpu, memory, pods };
  const isTold = Object.entries(capacity).every(
    ([key, amount]) => Quantity.parse(status?.capacity?.[key] ?? '0').compare(Quantity.parse(amount)) === 0,
  );
  if (isTold) return;
  const patch = { status: { capacity, allocatable: capacity } };
  await client.patch(REFS.nodes, undefined, metadata?.name ?? '', 'merge', patch, { subresource: 'status' });
}

function resourcesOf({ pods, milliCpus, memoryBytes }: MachineQuota) {
  const { blocks, bsize } = statfsSync('.');
  const milli = Math.min(1000 * availableParallelism(), milliCpus ?? Number.POSITIVE_INFINITY);
  const memory = Math.min(totalmem(), memoryBytes ?? Number.POSITIVE_INFINITY);
  return {
    cpu: milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`,
    memory: `${Math.floor(memory / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor((blocks * bsize) / 1024)}Ki`,
    pods: String(Math.min(MOST_PODS, pods ?? MOST_PODS)),
  };
}

function firstStatus({ name, network }: NodeDescription): Pick<k8s.NodeStatus, 'addresses' | 'conditions'> {
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    addresses: [
      { type: 'InternalIP', address: network.gateway },
      { type: 'ExternalIP', address: nodeArrival(network) },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'the machine runs pods of this cluster when it has any',
        lastHeartbeatTime: now,
        lastTransitionTime: now,
      },
    ],
  };
}
