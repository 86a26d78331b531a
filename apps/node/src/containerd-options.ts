import { type HomeLayout, proxyEnvironment, readProxy } from '@sampan/home';
import { type ContainerdOptions, findHandlers } from '@sampan/kubelet';

/** How the containerd of a home is started, or found again. */
export async function containerdOptions(
  home: HomeLayout,
): Promise<ContainerdOptions & Required<Pick<ContainerdOptions, 'handlers'>>> {
  const { node } = home;
  return {
    folder: node.containerd,
    cniConfFolder: `${node.cni}/conf`,
    cniBinFolder: `${node.cni}/bin`,
    registryFolder: node.registries,
    handlers: await findHandlers(`${node.root}/handlers`),
    environment: proxyEnvironment(readProxy(home)),
  };
}
