import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { GuestRanges, NodeRequest } from '@sampan/clusters';
import { guestAgentSocket, type HomeLayout } from '@sampan/home';
import type { Connection } from '@sampan/machinery';
import { clusterNetwork, networkName, uplinkMtu } from '@sampan/network';
import { type ClusterFolders, type ClusterPlace, readPolicy } from './cluster-place.ts';

/** Where guests have their things: a folder for each. */
const guestsFolder = (home: HomeLayout): string => join(home.node.root, 'guests');
export const guestFolder = (home: HomeLayout, name: string): string => join(guestsFolder(home), name);

/** Guests that had pods here, by what they left. */
export function guestsWithFolders(home: HomeLayout): string[] {
  if (!existsSync(guestsFolder(home))) return [];
  return readdirSync(guestsFolder(home), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/** A guest cluster, as the guests process describes it. Makes its folders. */
export async function guestPlace(
  home: HomeLayout,
  name: string,
  request: NodeRequest,
): Promise<ClusterPlace> {
  const folders = guestFolders(home, name, request.network);
  makeFolders(home, folders);
  const { port, ca, credentials, isSandboxed, quota } = request;
  const as = (part: keyof typeof credentials): Connection => ({
    url: `https://127.0.0.1:${port}`,
    ca,
    cert: credentials[part].certificate,
    key: credentials[part].key,
  });
  return {
    name,
    isHost: false,
    folders,
    network: await guestNetwork(home, name, request.network, request.ranges),
    policy: { ...(await readPolicy(home, name)), ...(isSandboxed ? { handlers: ['gvisor'] } : {}) },
    quota,
    api: { host: '127.0.0.1', port, arrival: GUEST_API_PORT },
    identity: credentials.node,
    connection: (part) => as(part === 'node-bootstrap' ? 'node' : part),
    nodeConnection: () => as('node'),
  };
}

/** Where pods of a guest reach its API at the machine's end of their network's link. */
const GUEST_API_PORT = 6443;

/** `ranges`: of what is to end they need not be known. */
export async function guestNetwork(home: HomeLayout, name: string, index: number, ranges?: GuestRanges) {
  return clusterNetwork({
    ...{ name: networkName(home.root, name), index, mtu: await uplinkMtu() },
    ...(ranges ? { podRange: ranges.pods, serviceRange: ranges.services } : {}),
  });
}

export function guestFolders(home: HomeLayout, name: string, network: number): ClusterFolders {
  const at = (...names: string[]) => join(guestFolder(home, name), ...names);
  return {
    socket: guestAgentSocket(home, network),
    pki: at('pki'),
    pods: at('pods'),
    podLogs: at('pod-logs'),
    volumes: at('volumes'),
    // guests have none: their machine is not theirs
    staticPods: undefined,
    seccomp: at('seccomp'),
    credentials: at('registries', 'credentials.json'),
    ingress: at('ingress'),
  };
}

function makeFolders(home: HomeLayout, folders: ClusterFolders): void {
  mkdirSync(guestsFolder(home), { recursive: true });
  // the server's user reaches the sockets in it, and nothing else
  chmodSync(guestsFolder(home), 0o711);
  const root = dirname(folders.pods);
  mkdirSync(root, { recursive: true });
  chmodSync(root, 0o700);
  for (const folder of [folders.pki, folders.pods, folders.podLogs, folders.volumes, folders.seccomp])
    mkdirSync(folder, { recursive: true, mode: 0o755 });
}

/** After all of the cluster has ended. */
export function removeGuestFolders(home: HomeLayout, name: string, network: number | undefined): void {
  rmSync(guestFolder(home, name), { recursive: true, force: true });
  if (network !== undefined) rmSync(guestAgentSocket(home, network), { force: true });
}
