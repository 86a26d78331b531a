import { availableParallelism, totalmem } from 'node:os';
import { type KubeObject, StatusError } from '@sampan/api';
import type { Client } from '@sampan/machinery';
import { REFS } from '@sampan/machinery';
import { type ClusterNetwork, publishDns } from '@sampan/network';

/**
 * Makes what a cluster whose pods run on this machine has from the start: its node, so that pods are bound at once, and
 * the Service of its DNS. What is there stays as it is.
 */
export async function makeNodeObjects(client: Client, node: string, network: ClusterNetwork): Promise<void> {
  await Promise.all([publishDns(client, network), ensureNode(client, node, network)]);
}

/** As the node process will tell it, too, once the cluster has pods. */
async function ensureNode(
  client: Client,
  name: string,
  { podRange, gateway }: ClusterNetwork,
): Promise<void> {
  const present = await client.get(REFS.nodes, undefined, name).catch((error: unknown) => {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
    return undefined;
  });
  if (present) return;
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const resources = {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    'ephemeral-storage': '1Gi',
    pods: '110',
  };
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
  const status = {
    capacity: resources,
    allocatable: resources,
    addresses: [
      { type: 'InternalIP', address: gateway },
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
  await client.patch(REFS.nodes, undefined, name, 'merge', { status }, { subresource: 'status' });
  // new nodes are taken for not ready until somebody says otherwise
  await client.patch(REFS.nodes, undefined, name, 'merge', { spec: { taints: null } });
}
