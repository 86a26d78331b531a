import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineQuota } from '@sampan/clusters';
import {
  type ApiAddress,
  apiAddress,
  componentConnection,
  type HomeLayout,
  type NodeLayout,
  nodeConnection,
} from '@sampan/home';
import { type HostPolicy, type NodeIdentity, parseHostPolicy } from '@sampan/kubelet';
import type { Connection } from '@sampan/machinery';
import type { ClusterNetwork } from '@sampan/network';
import { hostClusterNetwork } from './pod-network.ts';

/** Where a cluster has its things on this machine, and how its API is reached. */
export interface ClusterPlace {
  /** `host`, or a guest's name. */
  readonly name: string;
  /** The machine's own: its node has the machine's address, its ports are the machine's, and it serves Ingresses. */
  readonly isHost: boolean;
  readonly folders: ClusterFolders;
  readonly network: ClusterNetwork;
  /** What the machine's owner allows it. */
  readonly policy: HostPolicy;
  /** What its pods may take together; absent: all of the machine. */
  readonly quota?: MachineQuota;
  /** Where its API listens on this machine, and at which port of the link its pods reach it (default the same). */
  readonly api: ApiAddress & { readonly arrival?: number };
  /** The node's certificate; absent: the node asks for it itself. */
  readonly identity?: NodeIdentity;
  /** As one of Sampan's own parts. */
  connection(part: 'node-bootstrap' | 'network' | 'ingress' | 'provisioner'): Connection;
  /** As the node. */
  nodeConnection(identity: NodeIdentity): Connection;
}

export type ClusterFolders = Pick<
  NodeLayout,
  'socket' | 'pki' | 'pods' | 'podLogs' | 'volumes' | 'seccomp' | 'credentials'
> & {
  /** undefined: the cluster has none. */
  readonly staticPods: string | undefined;
  readonly ingress: string;
};

/** The machine's own cluster. Throws `home-not-started`, `host-policy-invalid`. */
export async function hostPlace(home: HomeLayout): Promise<ClusterPlace> {
  return {
    name: 'host',
    isHost: true,
    folders: { ...home.node, ingress: join(home.node.root, 'ingress') },
    network: await hostClusterNetwork(home),
    policy: await readPolicy(home, 'host'),
    api: apiAddress(home),
    connection: (part) => componentConnection(home, part),
    nodeConnection: (identity) => nodeConnection(home, identity),
  };
}

/** What the machine's owner allows a cluster. Throws `host-policy-invalid`. */
export async function readPolicy({ node }: HomeLayout, cluster: string): Promise<HostPolicy> {
  const text = await readFile(node.policy, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return parseHostPolicy(text, cluster);
}
