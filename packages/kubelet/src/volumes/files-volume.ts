import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAtomically } from './atomic-writer.ts';
import { collectFiles } from './collect-files.ts';
import { type SetUpVolume, volumeFolder } from './context.ts';
import { makeNestedMountPoints } from './nested-mounts.ts';
import { giveToGroup } from './ownership.ts';

/** Configuration as files on the disk: `configMap`. */
export const setUpConfigMap: SetUpVolume = (task, context) =>
  setUpFiles(task, context, volumeFolder(task, 'configmap', context));

/** What is not for the disk: `secret`, `projected`, `downwardAPI`. */
export const setUpMemoryFiles: SetUpVolume = async (task, context) =>
  setUpFiles(task, context, await context.memory.folderOf(task.pod.metadata?.uid ?? '', task.volume.name));

async function setUpFiles(
  { pod, volume }: Parameters<SetUpVolume>[0],
  context: Parameters<SetUpVolume>[1],
  path: string,
): ReturnType<SetUpVolume> {
  // nothing is made of what cannot be had
  const { files, refreshAt } = await collectFiles(pod, volume, context);
  const group = pod.spec?.securityContext?.fsGroup;
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  if ((await mkdir(path, { recursive: true })) !== undefined) {
    await chmod(path, 0o777);
    if (group !== undefined) await giveToGroup(path, { group, readOnly: true, onlyOnMismatch: false });
  }
  await makeNestedMountPoints(path, pod, volume.name);
  await writeAtomically(path, files, group);
  return {
    path,
    readOnly: true,
    isDevice: false,
    live: true,
    ...(refreshAt !== undefined && { refreshAt }),
  };
}
