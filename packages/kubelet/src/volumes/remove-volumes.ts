import { readdir } from 'node:fs/promises';
import type { VolumeContext } from './context.ts';
import { removeTree } from './mounts.ts';

/** The memory file system, among the folders of pods. */
export const MEMORY = '.memory';

/** Takes down and removes all volumes of a pod, by what is on the disk. May be called twice. */
export async function removeVolumes(uid: string, { node, memory, images }: VolumeContext): Promise<void> {
  const folder = `${node.podFolder}/${uid}`;
  await images?.removeAll(folder);
  for (const part of ['volume-subpaths', 'volumes']) await removeTree(`${folder}/${part}`);
  await memory.remove(uid);
}

/** The pods that have anything here, by uid. */
export async function podsWithFolders({ node, memory }: VolumeContext): Promise<string[]> {
  const names = await readdir(node.podFolder).catch(() => []);
  return [...new Set([...names.filter((name) => name !== MEMORY), ...(await memory.uids())])];
}
