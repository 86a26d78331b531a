import { type HomeLayout, proxyEnvironment, readProxy } from '@sampan/home';
import type { ContainerdOptions } from '@sampan/kubelet';

/** How the containerd of a home is started, or found again. */
export function containerdOptions(home: HomeLayout): ContainerdOptions {
  const { node } = home;
  return {
    folder: node.containerd,
    cniConfFolder: `${node.cni}/conf`,
    cniBinFolder: `${node.cni}/bin`,
    registryFolder: node.registries,
    environment: proxyEnvironment(readProxy(home)),
  };
}
