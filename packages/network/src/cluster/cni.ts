import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import { replaceFile, replaceLink } from '../replace-file.ts';
import { BRIDGE, type ClusterNetwork } from './addresses.ts';
import { netnsPath } from './network-namespace.ts';

/**
 * How containerd puts pods into cluster networks (CNI spec 1.0): one configuration names one plug-in, `sampan-cni`.
 * It finds the cluster of a pod, enters that cluster's network namespace and runs Debian's bridge plug-in there
 * with that cluster's configuration.
 */
export interface CniFolders {
  /** For containerd's `conf_dir`; nothing else may be in it. */
  readonly conf: string;
  /** For containerd's `bin_dir`; nothing else may be in it. */
  readonly bin: string;
  /** A configuration for each cluster. */
  readonly clusters: string;
  /** Which pod has which address; a folder that is empty after a reboot is best. */
  readonly leases: string;
  /** The plug-ins `bridge`, `host-local` and `loopback`. Default: Debian's /usr/lib/cni, else /opt/cni/bin, as others have it. */
  readonly plugins?: string;
}

/** Between cluster and namespace in a sandbox's namespace; in neither of their names. */
const SEPARATOR = '_';
const PLUGIN = 'sampan-cni';
const PLUGIN_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin'] as const;

const pluginFolder = ({ plugins }: CniFolders): string =>
  plugins ?? PLUGIN_FOLDERS.find((folder) => existsSync(join(folder, 'bridge'))) ?? PLUGIN_FOLDERS[0];

/** The namespace to give a pod's sandbox (CRI PodSandboxMetadata), by which the plug-in finds the cluster's network. */
export const sandboxNamespace = (network: string, namespace: string): string =>
  `${network}${SEPARATOR}${namespace}`;

/** Writes the plug-in and containerd's configuration of it. May be called again. */
export async function installCni(folders: CniFolders): Promise<void> {
  for (const folder of [folders.conf, folders.bin, folders.clusters, folders.leases])
    await mkdir(folder, { recursive: true, mode: 0o755 });
  await replaceFile(join(folders.bin, PLUGIN), pluginScript(folders), 0o755);
  // containerd runs it by itself in every sandbox
  const loopback = join(folders.bin, 'loopback');
  await replaceLink(loopback, join(pluginFolder(folders), 'loopback'));
  const plugins = [{ type: PLUGIN }];
  await replaceFile(
    join(folders.conf, '10-sampan.conflist'),
    `${JSON.stringify({ cniVersion: '1.0.0', name: 'sampan', plugins }, null, 2)}\n`,
  );
}

/** Writes what the plug-in does for pods of this network. May be called again. */
export async function writeCniNetwork(folders: CniFolders, network: ClusterNetwork): Promise<void> {
  const text = `${JSON.stringify(bridgeConfig(folders, network), null, 2)}\n`;
  await replaceFile(configFile(folders, network.name), text);
}

/** Forgets a network and all addresses its pods had. */
export async function removeCniNetwork(folders: CniFolders, name: string): Promise<void> {
  await rm(configFile(folders, name), { force: true });
  await rm(join(folders.leases, name), { recursive: true, force: true });
}

/** The bridge plug-in's configuration (containernetworking/plugins, main/bridge and ipam/host-local). Pure. */
export function bridgeConfig(folders: CniFolders, network: ClusterNetwork): object {
  const { name, podRange, gateway, mtu } = network;
  return {
    cniVersion: '1.0.0',
    name,
    type: 'bridge',
    bridge: BRIDGE,
    isGateway: true,
    // a pod reaches itself through a Service
    hairpinMode: true,
    mtu,
    ipam: {
      type: 'host-local',
      dataDir: folders.leases,
      ranges: [[{ subnet: podRange, gateway }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
}

/**
 * Gives back addresses of pods that are gone: a crash or power loss between a pod's end and its DEL leaves them.
 * `alive`: the ids of all sandboxes there are. Returns the ids whose addresses were given back.
 */
export async function releaseStale(
  folders: CniFolders,
  network: ClusterNetwork,
  alive: ReadonlySet<string>,
): Promise<string[]> {
  const holders = await leaseHolders(folders, network.name);
  const stale = [...new Set(holders.values())].filter((id) => !alive.has(id));
  const plugins = pluginFolder(folders);
  for (const id of stale)
    await run(join(plugins, 'host-local'), [], {
      input: JSON.stringify(bridgeConfig(folders, network)),
      env: {
        CNI_COMMAND: 'DEL',
        CNI_CONTAINERID: id,
        CNI_NETNS: '',
        CNI_IFNAME: 'eth0',
        CNI_PATH: plugins,
      },
    });
  return stale;
}

/** Address to the id of the sandbox that has it. */
export async function leaseHolders(folders: CniFolders, name: string): Promise<Map<string, string>> {
  const folder = join(folders.leases, name);
  const holders = new Map<string, string>();
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const file of files) {
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(file)) continue;
    const text = await readFile(join(folder, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const id = text.split(/\s/)[0];
    if (id) holders.set(file, id);
  }
  return holders;
}

const configFile = (folders: CniFolders, name: string): string => join(folders.clusters, `${name}.json`);

/**
 * The plug-in. The shell is what starts fastest. DEL succeeds for networks that are gone (CNI spec: "Plugins should
 * generally complete a DEL action without error even if some resources are missing").
 */
function pluginScript(folders: CniFolders): string {
  const { clusters } = folders;
  const plugins = pluginFolder(folders);
  return `#!/bin/sh
# Runs the bridge plug-in in the network namespace of a pod's cluster, which is the part before the first
# "${SEPARATOR}" of the sandbox's namespace.
set -eu
export CNI_PATH=${quote(plugins)}
bridge=${quote(join(plugins, 'bridge'))}
fail() {
  printf '{"cniVersion":"1.0.0","code":%s,"msg":"%s"}\\n' "$1" "$2"
  exit 1
}
[ "\${CNI_COMMAND:-}" = VERSION ] && exec "$bridge"
namespace=\${CNI_ARGS:-}
namespace=";$namespace"
case $namespace in
*";K8S_POD_NAMESPACE="*) namespace=\${namespace#*;K8S_POD_NAMESPACE=} ;;
*) fail 4 'CNI_ARGS has no K8S_POD_NAMESPACE' ;;
esac
namespace=\${namespace%%;*}
network=\${namespace%%${SEPARATOR}*}
[ "$network" != "$namespace" ] || fail 4 'the namespace of the sandbox names no network'
case $network in
'' | -* | *[!a-z0-9-]*) fail 4 'the namespace of the sandbox names no network' ;;
esac
config=${quote(clusters)}/$network.json
netns=${netnsPath('')}$network
if [ ! -e "$netns" ] || [ ! -e "$config" ]; then
  [ "$CNI_COMMAND" = DEL ] || fail 11 "the network $network is not there"
  [ -e "$config" ] || exit 0
  # its pods went with it; the address is still to be given back
  exec "$bridge" < "$config"
fi
exec nsenter --net="$netns" -- "$bridge" < "$config"
`;
}

/** For the shell. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
