import { SampanError } from '@sampan/base';
import { type ClusterNetwork, chooseIndex, clusterNetwork, networkName } from '@sampan/network';

/**
 * The network that the host cluster's pods live in: of the number that the home remembers, unless another
 * network of the machine has it by now, else of a free one.
 * undefined without root: nobody makes it then.
 */
export async function chooseNetwork(
  homePath: string,
  remembered: number | undefined,
): Promise<ClusterNetwork | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const name = networkName(homePath, 'host');
  const index = await chooseIndex(name, remembered);
  if (index === undefined) {
    throw new SampanError('network-ranges', 'All of 100.64.0.0/10 is in use on this machine.', {
      hint: 'See: ip route. Sampan needs a free /24 of it for the addresses of pods.',
    });
  }
  return clusterNetwork({ name, index });
}
