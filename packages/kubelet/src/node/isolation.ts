import { readFile } from 'node:fs/promises';
import { CgroupTree } from '../cgroups/cgroup-tree.ts';
import type { NodeFacts } from '../pods/node-facts.ts';

/** How the kernel keeps containers apart on this machine. */
export async function readIsolation(): Promise<Required<Pick<NodeFacts, 'appArmor' | 'cgroupVersion'>>> {
  const [enabled, { version }] = await Promise.all([
    // absent without AppArmor
    readFile('/sys/module/apparmor/parameters/enabled', 'utf8').catch(() => 'N'),
    CgroupTree.open(),
  ]);
  return { appArmor: enabled.trim() === 'Y', cgroupVersion: version };
}
