import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockNode, readSettings } from '@sampan/home';
import { detachLocalVolumes, removeCgroups, startContainerd, unmountBelow } from '@sampan/kubelet';
import { removeHostRules, removeNetwork } from '@sampan/network';
import { containerdOptions } from './containerd-options.ts';
import { endGuestNetworks } from './guest-nodes.ts';
import type { NodeOptions } from './options.ts';
import { endClusterIngress } from './pod-ingress.ts';
import { cgroupRoot, cniFolders, hostClusterNetwork } from './pod-network.ts';
import { openNodeHome, prepareFolders } from './prepare-folders.ts';

/** Who stops a whole machine does not wait for long: containers have their own grace, but no more than this. */
const MOST_GRACE_SECONDS = 10;

/**
 * Ends all pods, containerd and the network of a home. The node process must have stopped; may be called again, also
 * when nothing runs. Images, volumes and logs stay. Throws SampanErrors.
 */
export async function endNode({ home: root, now }: NodeOptions): Promise<void> {
  const home = openNodeHome(root);
  if (!existsSync(home.node.containerd)) return;
  prepareFolders(home);
  const unlock = lockNode(home);
  try {
    const network = readSettings(home).network === undefined ? undefined : await hostClusterNetwork(home);
    const containerd = await startContainerd(await containerdOptions(home));
    await containerd.stop('end', now ? 0 : MOST_GRACE_SECONDS);
    await endGuestNetworks(home);
    await unmountBelow(home.node.pods);
    await detachLocalVolumes(home.node.volumes);
    if (!network) return;
    await endClusterIngress(network);
    await removeCgroups(cgroupRoot(network));
    await removeNetwork(network.name);
    await removeHostRules(network);
    await rm(dirname(cniFolders(home, network).leases), { recursive: true, force: true });
  } finally {
    unlock();
  }
}
