import { createHash } from 'node:crypto';
import { SampanError } from '@sampan/base';
import type { GuestRanges } from '@sampan/clusters';
import {
  type ClusterNetwork,
  clusterNetwork,
  freeIndex,
  MAX_NETWORKS,
  networkName,
  takenRanges,
} from '@sampan/network';

/** Which of the machine's cluster networks are whose, of all guests of a home: those that sleep, too. */
export class GuestNetworks {
  readonly #home: string;
  readonly #taken = new Set<number>();

  /** `home`: absolute, as the node process names it. */
  constructor(home: string) {
    this.#home = home;
  }

  /** One that is remembered. */
  reserve(index: number): void {
    this.#taken.add(index);
  }

  giveBack(index: number): void {
    this.#taken.delete(index);
  }

  /** One that neither a guest nor anybody else on the machine has. Throws `network-ranges`. */
  async take(name: string): Promise<number> {
    const others = await takenRanges();
    // homes on one machine begin to look at different places
    const from =
      createHash('sha256').update(networkName(this.#home, name)).digest().readUInt32BE() % MAX_NETWORKS;
    for (let step = 0; step < MAX_NETWORKS; step++) {
      const index = (from + step) % MAX_NETWORKS;
      if (this.#taken.has(index) || freeIndex(others, index) !== index) continue;
      this.#taken.add(index);
      return index;
    }
    throw new SampanError('network-ranges', 'All of 100.64.0.0/10 is in use on this machine.', {
      hint: 'Each cluster has a /24 of it for the addresses of its pods: delete clusters that nobody needs.',
    });
  }

  network(name: string, index: number, { pods, services }: GuestRanges): ClusterNetwork {
    return clusterNetwork({
      ...{ name: networkName(this.#home, name), index },
      ...{ podRange: pods, serviceRange: services },
    });
  }
}
