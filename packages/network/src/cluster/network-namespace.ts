import { access, readFile } from 'node:fs/promises';
import { SampanError } from '@sampan/base';
import { run } from '../command.ts';
import { BRIDGE, type ClusterNetwork, UPLINK } from './addresses.ts';
import { admitLink, forgetLink } from './foreign-firewall.ts';

/** Where iproute2 keeps named namespaces. */
export const netnsPath = (name: string): string => `/run/netns/${name}`;

/**
 * Makes the network namespace of a cluster with its bridge and its link to the machine. May be called again, also
 * after a crash in the middle or with other addresses of the same name: it mends what differs and touches nothing
 * that is right. Throws `network-taken` when another network of the machine has the addresses.
 */
export async function ensureNetwork(network: ClusterNetwork): Promise<void> {
  const { name, link, hostRange, mtu } = network;
  await refuseTaken(network);
  if (!(await exists(netnsPath(name)))) await run('ip', ['netns', 'add', name]);
  await ensureLink(network);
  await batch([`address replace ${link.host}/31 dev ${name}`, `link set ${name} mtu ${mtu} up`]);
  await ensureInside(network);
  await batch([`route replace ${hostRange} via ${link.inner} dev ${name} src ${link.host}`]);
  await sysctls(undefined, {
    'ipv4/ip_forward': 1,
    // connections to 127.0.0.1 are handed on as well
    [`ipv4/conf/${name}/route_localnet`]: 1,
  });
  await admitLink(name);
}

/** Two homes may have chosen the same number before either of them had a route. */
async function refuseTaken({ name, hostRange }: ClusterNetwork): Promise<void> {
  const text = await run('ip', ['-4', '-j', 'route', 'show', 'exact', hostRange]);
  const routes = text.trim() === '' ? [] : (JSON.parse(text) as { readonly dev?: string }[]);
  const other = routes.find(({ dev }) => dev !== name)?.dev;
  if (other === undefined) return;
  throw new SampanError('network-taken', `${hostRange} is the range of another network, ${other}.`, {
    hint: 'Another one is chosen at the next start: sampan down, then sampan up.',
  });
}

/** Removes the namespace and the link, which need not be there. Its pods must be gone. */
export async function removeNetwork(name: string): Promise<void> {
  // a process that is still inside keeps the namespace alive, but not reachable
  if (await hasLink(name)) await run('ip', ['link', 'delete', name]);
  await forgetLink(name);
  if (await exists(netnsPath(name))) await run('ip', ['netns', 'delete', name]);
}

/** The names of all namespaces that iproute2 knows. */
export async function listNetworks(): Promise<string[]> {
  const text = await run('ip', ['-j', 'netns', 'list']);
  return text.trim() === '' ? [] : (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
}

/** What `freeIndex` asks for: the ranges of the machine's routes, in any table, and its addresses. */
export async function takenRanges(): Promise<string[]> {
  // as the kernel tells it: no program of the system may be there yet
  const [main, tree] = await Promise.all([
    readFile('/proc/net/route', 'latin1'),
    readFile('/proc/net/fib_trie', 'latin1').catch(() => ''),
  ]);
  return [
    ...routeRanges(main),
    ...[...tree.matchAll(/\|-- (\d+\.\d+\.\d+\.\d+)\n\s+\/(\d+) /g)].map(([, ip, bits]) => `${ip}/${bits}`),
  ];
}

/** Destination and mask of each line are hexadecimal, in the machine's byte order, which is little-endian. Pure. */
export function routeRanges(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, destination, , , , , , mask] = line.split(/\s+/);
      if (destination === undefined || mask === undefined) return [];
      const bytes = Buffer.from(destination, 'hex').reverse();
      const bits = [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === '1').length;
      return [`${bytes.join('.')}/${bits}`];
    });
}

/** The MTU of the way to the outside, bytes; 1500 when there is none. */
export async function uplinkMtu(): Promise<number> {
  const routes = JSON.parse(await run('ip', ['-4', '-j', 'route', 'show', 'default'])) as { dev?: string }[];
  const device = routes[0]?.dev;
  if (device === undefined) return 1500;
  const links = JSON.parse(await run('ip', ['-j', 'link', 'show', device])) as { mtu?: number }[];
  return links[0]?.mtu ?? 1500;
}

/** A pair of interfaces: one here, named as the network, one inside. */
async function ensureLink({ name }: ClusterNetwork): Promise<void> {
  const netns = netnsPath(name);
  const inside = await hasLink(UPLINK, netns);
  if ((await hasLink(name)) && inside) return;
  if (inside) await run('ip', ['link', 'delete', UPLINK], { netns });
  else if (await hasLink(name)) await run('ip', ['link', 'delete', name]);
  await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', UPLINK, 'netns', name]);
}

async function ensureInside({ name, podRange, gateway, link, mtu }: ClusterNetwork): Promise<void> {
  const netns = netnsPath(name);
  if (!(await hasLink(BRIDGE, netns))) await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge'], { netns });
  await batch(
    [
      'link set lo up',
      `address replace ${gateway}/${podRange.split('/')[1]} dev ${BRIDGE}`,
      `link set ${BRIDGE} mtu ${mtu} up`,
      `address replace ${link.inner}/31 dev ${UPLINK}`,
      `link set ${UPLINK} mtu ${mtu} up`,
      `route replace default via ${link.host} dev ${UPLINK}`,
    ],
    netns,
  );
  await ensureBridgeFilter(netns);
  await sysctls(netns, { 'ipv4/ip_forward': 1, 'bridge/bridge-nf-call-iptables': 1 });
}

/** Pods on one bridge reach each other's Services, and policies hold between them, only with this module. */
async function ensureBridgeFilter(netns: string): Promise<void> {
  const setting = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  const present = () =>
    run('test', ['-e', setting], { netns }).then(
      () => true,
      () => false,
    );
  if (await present()) return;
  const cause = await run('modprobe', ['br_netfilter']).catch((error: unknown) => error);
  if (!(await present()))
    throw new SampanError('network-no-bridge-filter', 'the kernel has no br_netfilter, which Services need', {
      hint: 'Run `modprobe br_netfilter` as root on the machine itself.',
      cause,
    });
}

async function sysctls(netns: string | undefined, values: Readonly<Record<string, number>>): Promise<void> {
  const script = Object.entries(values)
    .map(([key, value]) => `echo ${value} > /proc/sys/net/${key}`)
    .join(' && ');
  // /proc/sys/net is that of the namespace of who opens it
  await run('sh', ['-c', script], { netns });
}

const batch = (commands: readonly string[], netns?: string): Promise<string> =>
  run('ip', ['-batch', '-'], { netns, input: `${commands.join('\n')}\n` });

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function hasLink(name: string, netns?: string): Promise<boolean> {
  const links = JSON.parse(await run('ip', ['-j', 'link', 'show'], { netns })) as { ifname?: string }[];
  return links.some(({ ifname }) => ifname === name);
}
