import { readdir, stat } from 'node:fs/promises';
import type { k8s } from '@sampan/api';
import type { NodeFacts } from '../pods/node-facts.ts';
import { podLogFolder } from '../pods/sandbox-config.ts';
import { type DiskSpace, diskSpace, type FolderSizes, type FolderUsage, fsStats } from './disk-usage.ts';
import { isLocalVolume, type PodExtras } from './make-summary.ts';
import type { FsStats, VolumeStats } from './summary.ts';

/** What measuring the disks of pods needs. */
export interface DiskContext {
  readonly facts: NodeFacts;
  readonly sizes: FolderSizes;
  /** The file system of pods' folders and logs, and that of images and containers' own layers. */
  readonly disk: DiskSpace;
  readonly imageDisk: DiskSpace;
  /** By container's id: its own layer. */
  readonly layers: ReadonlyMap<string, FolderUsage>;
  readonly time: string;
  /** How old sizes of folders may be, in milliseconds; default a minute. */
  readonly believedMs?: number;
}

/** What a pod has on disk, but for its network (kubelet stats/provider.go). */
export async function podDisk(
  pod: k8s.Pod,
  running: readonly { readonly name: string; readonly id: string }[],
  context: DiskContext,
): Promise<PodExtras> {
  const { facts, sizes, disk, imageDisk, layers, time, believedMs } = context;
  const uid = pod.metadata?.uid ?? '';
  const logFolder = podLogFolder(pod, facts.logFolder);
  const volumes = await podVolumes(pod, context);
  const containers = new Map<string, { rootfs: FsStats; logs: FsStats }>();
  let own: FolderUsage = await sizes.of(logFolder, believedMs);
  for (const { name, id } of running) {
    const layer = layers.get(id) ?? NOTHING;
    const logs = await sizes.of(`${logFolder}/${name}`, believedMs);
    containers.set(name, { rootfs: fsStats(time, imageDisk, layer), logs: fsStats(time, disk, logs) });
    own = sum(own, layer);
  }
  // the agent's own files of the pod, its hosts file among them
  own = sum(own, await sizes.of(`${facts.podFolder}/${uid}/etc-hosts`, believedMs));
  const local = new Set((pod.spec?.volumes ?? []).filter(isLocalVolume).map(({ name }) => name));
  for (const { name, usedBytes, inodesUsed } of volumes)
    if (local.has(name)) own = sum(own, { bytes: usedBytes, inodes: inodesUsed });
  return { volumes, containers, ephemeral: fsStats(time, disk, own) };
}

const NOTHING: FolderUsage = { bytes: 0, inodes: 0 };
const sum = (a: FolderUsage, b: FolderUsage): FolderUsage => ({
  bytes: a.bytes + b.bytes,
  inodes: a.inodes + b.inodes,
});

/** What is at FOLDER/UID/volumes/KIND/NAME; mounts are file systems of their own. */
async function podVolumes(pod: k8s.Pod, context: DiskContext): Promise<VolumeStats[]> {
  const root = `${context.facts.podFolder}/${pod.metadata?.uid}/volumes`;
  const device = (await stat(root).catch(() => undefined))?.dev;
  if (device === undefined) return [];
  const claims = new Map((pod.spec?.volumes ?? []).map((volume) => [volume.name, claimOf(pod, volume)]));
  const folders = await volumeFolders(root);
  return Promise.all(
    folders.map(async ({ name, folder }) => {
      const claim = claims.get(name);
      const isMount = (await stat(folder)).dev !== device;
      const usage = isMount ? undefined : await context.sizes.of(folder, context.believedMs);
      const stats = fsStats(context.time, isMount ? await diskSpace(folder) : context.disk, usage);
      const pvcRef = claim && { name: claim, namespace: pod.metadata?.namespace ?? '' };
      return { ...stats, name, ...(pvcRef && { pvcRef }) };
    }),
  );
}

async function volumeFolders(root: string): Promise<{ name: string; folder: string }[]> {
  const kinds = await readdir(root).catch(() => []);
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const names = await readdir(`${root}/${kind}`).catch(() => []);
      // one that is being made is hidden
      return names
        .filter((name) => !name.startsWith('.'))
        .map((name) => ({ name, folder: `${root}/${kind}/${name}` }));
    }),
  );
  return found.flat();
}

function claimOf(pod: k8s.Pod, volume: k8s.Volume): string | undefined {
  if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim.claimName;
  return volume.ephemeral ? `${pod.metadata?.name}-${volume.name}` : undefined;
}
