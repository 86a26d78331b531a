import { chmod, chown, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { k8s } from '@sampan/api';
import { bytes } from '../pods/container-resources.ts';
import { readyFolder, type SetUpVolume, volumeFolder } from './context.ts';
import { mountAt, mountTmpfs } from './mounts.ts';

/** `emptyDir` (upstream volume/emptydir). Its content lives as long as the pod. */
export const setUpEmptyDir: SetUpVolume = async (task, context) => {
  const { medium = '', sizeLimit } = task.volume.emptyDir ?? {};
  const path = volumeFolder(task, 'empty-dir', context);
  const group = task.pod.spec?.securityContext?.fsGroup;
  if (medium === 'Memory') {
    const size = memorySize(task.pod.spec ?? {}, sizeLimit, context.node.allocatable.memory);
    await makeTmpfs(path, size, group);
  } else if (medium === '') {
    await makeFolder(path, group);
  } else if (medium.startsWith('HugePages')) {
    throw new Error('huge pages are not supported on this node');
  } else {
    throw new Error(`unknown storage medium "${medium}"`);
  }
  return readyFolder(path, false);
};

/** As if at once: a half-made one must not be taken for one that is ready. */
async function makeFolder(path: string, group: number | undefined): Promise<void> {
  if (await stat(path).catch(() => undefined)) return;
  const fresh = `${dirname(path)}/.${path.slice(dirname(path).length + 1)}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o750 });
  if (group !== undefined) await chown(fresh, 0, group);
  await chmod(fresh, group === undefined ? 0o777 : 0o2777);
  await rename(fresh, path);
}

async function makeTmpfs(path: string, size: number | undefined, group: number | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  if ((await mountAt(path))?.type === 'tmpfs') return;
  await mountTmpfs(path, [
    ...(size === undefined ? [] : [`size=${size}`]),
    // sticky, as tmpfs is by itself
    ...(group === undefined ? ['mode=1777'] : ['mode=3777', `gid=${group}`]),
  ]);
}

/**
 * The least of its own limit, the memory limits of the pod's containers (when all have one) and what pods may use of
 * the machine, in bytes (KEP-1967). Pure.
 */
export function memorySize(
  { containers }: k8s.PodSpec,
  sizeLimit: string | undefined,
  allocatable: string | undefined,
): number | undefined {
  const limits = (containers ?? []).map((container) => bytes(container.resources?.limits?.memory));
  const sum = limits.every((limit) => limit > 0) ? limits.reduce((total, limit) => total + limit, 0) : 0;
  const bounds = [bytes(sizeLimit), bytes(allocatable), sum].filter((bound) => bound > 0);
  return bounds.length === 0 ? undefined : Math.min(...bounds);
}
