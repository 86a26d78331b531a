import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HomeLayout, isMissing } from '@sampan/home';

/**
 * Where this machine, and nobody else, reaches the NodePorts of a cluster, which has a network of its own; undefined:
 * nothing runs its pods.
 */
export async function guestAddress(home: HomeLayout, name: string): Promise<string | undefined> {
  const index = networkOf(join(home.clusters, name, 'record.json'));
  if (index === undefined) return undefined;
  const { clusterNetwork, nodeArrival } = await import('@sampan/network');
  return nodeArrival(clusterNetwork({ name: 'guest', index }));
}

function networkOf(file: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly network?: number }).network;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
