import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { freeIndex, MAX_NETWORKS } from './addresses.ts';
import { routeRanges, takenRanges } from './network-namespace.ts';

/**
 * Which of the machine's cluster networks a network is to be: the remembered one unless another holds its addresses
 * by now, else a free one. Undefined: none is left. Networks with different names begin to look at different places,
 * so that two that start at the same moment do not meet.
 */
export async function chooseIndex(name: string, remembered?: number): Promise<number | undefined> {
  if (remembered !== undefined) {
    const others = (await readFile('/proc/net/route', 'latin1'))
      .split('\n')
      .filter((line) => line.split('\t')[0] !== name);
    if (freeIndex(routeRanges(others.join('\n')), remembered) === remembered) return remembered;
  }
  const taken = await takenRanges();
  const from = createHash('sha256').update(name).digest().readUInt32BE() % MAX_NETWORKS;
  return freeIndex(taken, from) ?? freeIndex(taken);
}
