import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import type { ClusterNetwork } from './addresses.ts';

/**
 * Pods of the host network are processes of the machine, where the addresses of pods and Services mean nothing: each
 * cluster has the same. So packets of a cluster's own processes, which are known by their cgroup, are marked (the
 * machine's table, `hostTable`), and what is marked finds the way into the cluster's network in a routing table of
 * its own.
 */
export interface HostPods {
  /** Of the cluster's pods, as nftables names it: below /sys/fs/cgroup. */
  readonly cgroup: string;
  readonly mark: number;
}

const CGROUPS = '/sys/fs/cgroup';
/** Above those that others use a bit of (kube-proxy 0xc000, Tailscale 0xff0000). */
const MARKS = 0x5a00_0000;
const TABLES = 0x5a00_0000;
const PRIORITY = 5090;

/** Makes the way into the cluster; may be called again. Undefined: there is no cgroup v2 to know the pods by. */
export async function ensureHostPods(
  network: ClusterNetwork,
  cgroupRoot: string,
): Promise<HostPods | undefined> {
  const root = await unifiedRoot();
  if (root === undefined) return undefined;
  const cgroup = join(root, cgroupRoot);
  await mkdir(join(CGROUPS, cgroup), { recursive: true });
  const { name, link, podRange, serviceRange, index } = network;
  const [mark, table] = [MARKS + index, tableOf(network)];
  const routes = [podRange, serviceRange].map(
    (range) => `route replace ${range} via ${link.inner} dev ${name} table ${table}`,
  );
  const rule = `rule add priority ${PRIORITY} fwmark ${mark} lookup ${table}`;
  const commands = (await hasRule(network)) ? routes : [...routes, rule];
  await run('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n` });
  // answers come from addresses that the machine has no other way to: loose (RFC 3704), whatever `all` says
  await writeFile(`/proc/sys/net/ipv4/conf/${name}/rp_filter`, '2');
  return { cgroup, mark };
}

/** Takes the way away; it need not be there. The routes go with the link. */
export async function forgetHostPods(network: ClusterNetwork): Promise<void> {
  if (await hasRule(network))
    await run('ip', ['rule', 'delete', 'priority', String(PRIORITY), 'lookup', String(tableOf(network))]);
}

async function hasRule(network: ClusterNetwork): Promise<boolean> {
  const rules = JSON.parse(await run('ip', ['-j', 'rule', 'list'])) as { priority: number; table: string }[];
  const wanted = String(tableOf(network));
  return rules.some(({ priority, table }) => priority === PRIORITY && table === wanted);
}

const tableOf = ({ index }: ClusterNetwork): number => TABLES + index;

/** Below /sys/fs/cgroup: '' with cgroup v2 alone, `unified` beside v1. */
async function unifiedRoot(): Promise<string | undefined> {
  for (const root of ['', 'unified'])
    if (
      await access(join(CGROUPS, root, 'cgroup.controllers')).then(
        () => true,
        () => false,
      )
    )
      return root;
  return undefined;
}
