import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { silentLogger } from '@sampan/base';
import { type HomeLayout, lockNode, readSettings } from '@sampan/home';
import { removeCgroups, startContainerd, unmountBelow } from '@sampan/kubelet';
import { hostTableName, NftApplier, removeNetwork } from '@sampan/network';
import type { NodeOptions } from './options.ts';
import { cgroupRoot, cniFolders, hostClusterNetwork } from './pod-network.ts';
import { openNodeHome, prepareFolders } from './prepare-folders.ts';

/**
 * Ends all pods, containerd and the network of a home. The node process must have stopped; may be called again, also
 * when nothing runs. Images, volumes and logs stay. Throws SampanErrors.
 */
export async function endNode({ home: root }: NodeOptions): Promise<void> {
  const home = openNodeHome(root);
  if (!existsSync(home.node.containerd)) return;
  prepareFolders(home);
  const unlock = lockNode(home);
  try {
    const network = readSettings(home).network === undefined ? undefined : await hostClusterNetwork(home);
    await endContainers(home);
    await unmountBelow(home.node.pods);
    if (!network) return;
    await removeCgroups(cgroupRoot(network));
    await removeNetwork(network.name);
    await new NftApplier({ log: silentLogger }).remove(hostTableName(network));
    await rm(cniFolders(home, network).leases, { recursive: true, force: true });
  } finally {
    unlock();
  }
}

async function endContainers({ node }: HomeLayout): Promise<void> {
  const containerd = await startContainerd({
    folder: node.containerd,
    cniConfFolder: `${node.cni}/conf`,
    cniBinFolder: `${node.cni}/bin`,
    registryFolder: node.registries,
  });
  await containerd.stop('end');
}
