import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { type Logger, SampanError } from '@sampan/base';
import { type HomeLayout, readSettings } from '@sampan/home';
import type { Client } from '@sampan/machinery';
import {
  type ClusterNetwork,
  type CniFolders,
  clusterNetwork,
  ensureNetwork,
  hostAddressOf,
  installCni,
  networkName,
  parseResolvConf,
  type RunningNetwork,
  releaseStale,
  startNetwork,
  uplinkMtu,
  writeCniNetwork,
} from '@sampan/network';
import type { ClusterPlace } from './cluster-place.ts';

/** The network of the host cluster's pods. Throws `home-not-started`. */
export async function hostClusterNetwork(home: HomeLayout): Promise<ClusterNetwork> {
  const { network: index } = readSettings(home);
  if (index === undefined) {
    throw new SampanError('home-not-started', `No server was ever started as root on ${home.root}.`, {
      hint: 'Stop it and start both with: sampan up',
    });
  }
  return clusterNetwork({ name: networkName(home.root, 'host'), index, mtu: await uplinkMtu() });
}

export function cniFolders(home: HomeLayout, network: ClusterNetwork): CniFolders {
  const at = (name: string) => join(home.node.cni, name);
  return {
    conf: at('conf'),
    bin: at('bin'),
    clusters: at('clusters'),
    // pods do not outlive a reboot, nor do their addresses
    leases: `/run/sampan/${network.name}/leases`,
  };
}

/** Above the cgroups of all pods. */
export const cgroupRoot = (network: ClusterNetwork): string => `/sampan-${network.name}`;

/** What the machine dials for an address as pods know it. Throws for what a guest must not have dialled. */
export function dialAddress(
  { network, isHost }: Pick<ClusterPlace, 'network' | 'isHost'>,
  host: string,
): string {
  const isPod = isIPv4(host) && host.startsWith(network.podRange.replace(/\d+\/24$/, ''));
  if (isPod) return hostAddressOf(network, host);
  if (isHost) return host;
  throw new Error(`${host} is no address of a pod of this cluster`);
}

/** Makes the namespace of the cluster and what puts pods into it. May be called again. */
export async function makeNetwork(folders: CniFolders, network: ClusterNetwork): Promise<void> {
  await installCni(folders);
  await Promise.all([writeCniNetwork(folders, network), ensureNetwork(network)]);
}

/** Gives back addresses of sandboxes that are gone. */
export async function releaseAddresses(
  folders: CniFolders,
  network: ClusterNetwork,
  sandboxes: readonly { readonly id: string }[],
  log: Logger,
): Promise<void> {
  const released = await releaseStale(folders, network, new Set(sandboxes.map(({ id }) => id)));
  if (released.length > 0)
    log.info('gave back addresses of pods that are gone', { sandboxes: released.length });
}

export interface FollowOptions {
  readonly client: Client;
  readonly network: ClusterNetwork;
  readonly node: string;
  /** The machine's own, towards the outside. */
  readonly address: string;
  readonly api: ClusterPlace['api'];
  /** Its ports may be the machine's, and the machine is its to reach. */
  readonly isHost: boolean;
  /** Ports of the machine that are not for pods. */
  readonly isKept: (port: number) => boolean;
  readonly log: Logger;
}

const SSH_PORT = 22;

/** Keeps the rules as the API says, and answers names. */
export async function followNetwork(options: FollowOptions): Promise<RunningNetwork> {
  const { address, api, isHost, isKept, ...rest } = options;
  const resolver = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  const common = { ...rest, dns: { upstream: { servers: parseResolvConf(resolver) } } };
  // of the machine a guest reaches its own API, and names
  if (!isHost) {
    const allowed = { tcp: [api.arrival ?? api.port], udp: [] };
    // of the machine's ports it gets none: its Services have addresses of its own
    const loadBalancerAddress = options.network.link.inner;
    return startNetwork({
      ...common,
      host: { api: hostApi(api), allowed, mayExpose: () => false, loadBalancerAddress },
    });
  }
  return startNetwork({
    ...common,
    machineAddresses: [address],
    host: {
      api: hostApi(api),
      cgroupRoot: cgroupRoot(options.network),
      loadBalancerAddress: address,
      mayExpose: ({ protocol, port }) => protocol !== 'tcp' || (port !== SSH_PORT && !isKept(port)),
    },
  });
}

const hostApi = ({ host, port, arrival = port }: ClusterPlace['api']) => ({ address: host, port, arrival });
