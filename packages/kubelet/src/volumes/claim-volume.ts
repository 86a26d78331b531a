import { mkdir, rm, stat, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { k8s } from '@sampan/api';
import { mountBlockVolume } from './block-volume.ts';
import { type ReadyVolume, readyFolder, type SetUpVolume, type VolumeTask, volumeFolder } from './context.ts';
import { useHostPath } from './host-path.ts';
import { MountFailure } from './mount-failure.ts';
import { giveToGroup } from './ownership.ts';
import type { VolumeSources } from './volume-sources.ts';

/**
 * `persistentVolumeClaim` and `ephemeral`: the persistent volume that the claim has. Where it is used in place, a link
 * among the pod's volumes leads there, for statistics and for a process that comes later.
 */
export const setUpClaim: SetUpVolume = async (task, context) => {
  const ready = await setUpPersistent(task, context);
  const place = volumeFolder(task, 'persistent', context);
  if (!ready.isDevice && !ready.path.startsWith(`${context.node.podFolder}/`)) {
    await mkdir(dirname(place), { recursive: true, mode: 0o750 });
    await rm(place, { force: true });
    await symlink(ready.path, place);
  }
  return ready;
};

const setUpPersistent: SetUpVolume = async (task, context) => {
  const { pod, volume } = task;
  const claim = await boundClaim(pod, volume, context.sources);
  const persistent = await volumeOf(claim, context.sources);
  const { local, hostPath } = persistent.spec ?? {};
  checkMode(task, persistent);
  const readOnly = volume.persistentVolumeClaim?.readOnly ?? false;
  const name = persistent.metadata?.name ?? '';
  if (hostPath) return useHostPath(hostPath, task, context, readOnly).catch(inSetUp(name));
  if (!local) {
    const why = `failed to get Plugin from volumeSpec for volume "${name}" err=no volume plugin matched`;
    throw new MountFailure(why, 'process');
  }
  if (context.hostPaths !== '*' && !context.local.has(local.path)) {
    // a device could be anything, so folders only
    return useHostPath({ path: local.path, type: 'Directory' }, task, context, readOnly).catch(inSetUp(name));
  }
  const ready = await localVolume(local, name, {
    readOnly,
    asDevice: task.asDevice,
    path: volumeFolder(task, 'local-volume', context),
    attach: (at) => context.local.attach(at, pod.metadata?.uid ?? ''),
  });
  if (!readOnly && !ready.isDevice) await giveToPod(ready.path, pod);
  return ready;
};

function checkMode({ volume, mounted, asDevice }: VolumeTask, { spec }: k8s.PersistentVolume): void {
  const { volumeMode = 'Filesystem' } = spec ?? {};
  const isBlock = volumeMode === 'Block';
  if (isBlock ? !mounted : !asDevice) return;
  const list = isBlock ? 'volumeMounts' : 'volumeDevices';
  const why = `volume ${volume.name} has volumeMode ${volumeMode}, but is specified in ${list}`;
  throw new MountFailure(why, 'process');
}

const inSetUp =
  (volume: string) =>
  (error: Error): never => {
    throw new MountFailure(error.message, 'SetUp', volume);
  };

async function boundClaim(
  { metadata = {} }: k8s.Pod,
  { name, persistentVolumeClaim, ephemeral }: k8s.Volume,
  sources: VolumeSources,
): Promise<k8s.PersistentVolumeClaim> {
  const { namespace = '', uid } = metadata;
  const claimName = persistentVolumeClaim?.claimName ?? `${metadata.name}-${name}`;
  const refuse = (why: string) =>
    new MountFailure(`error processing PVC ${namespace}/${claimName}: ${why}`, 'process');
  const claim = await sources.claim(namespace, claimName);
  if (!claim)
    throw refuse(`failed to fetch PVC from API server: persistentvolumeclaims "${claimName}" not found`);
  const owner = claim.metadata?.ownerReferences?.find(({ controller }) => controller);
  if (ephemeral && owner?.uid !== uid) throw refuse('not the ephemeral PVC for the pod');
  if (claim.metadata?.deletionTimestamp !== undefined) throw refuse('PVC is being deleted');
  if (claim.status?.phase !== 'Bound' || !claim.spec?.volumeName) throw refuse('PVC is not bound');
  return claim;
}

async function volumeOf(
  { metadata, spec }: k8s.PersistentVolumeClaim,
  sources: VolumeSources,
): Promise<k8s.PersistentVolume> {
  const { volumeName = '' } = spec ?? {};
  const refuse = (why: string) =>
    new MountFailure(`error processing PVC ${metadata?.namespace}/${metadata?.name}: ${why}`, 'process');
  const volume = await sources.volume(volumeName);
  if (!volume)
    throw refuse(
      `failed to fetch PV "${volumeName}" from API server: persistentvolumes "${volumeName}" not found`,
    );
  const { claimRef } = volume.spec ?? {};
  if (claimRef?.uid !== metadata?.uid) {
    throw refuse(
      `found PV object "${volumeName}" with a pv.Spec.ClaimRef.UID "${claimRef?.uid ?? ''}" that does not point to specified claim UID "${metadata?.uid}"`,
    );
  }
  return volume;
}

interface LocalUse {
  readonly readOnly: boolean;
  readonly asDevice: boolean;
  /** Where the file system of a device is mounted for the pod. */
  readonly path: string;
  readonly attach: (path: string) => Promise<void>;
}

/** upstream volume/local: a folder, or a block device. */
async function localVolume(
  { path, fsType }: k8s.LocalVolumeSource,
  name: string,
  { readOnly, asDevice, path: mountPoint, attach }: LocalUse,
): Promise<ReadyVolume> {
  if (path.split('/').includes('..'))
    throw new MountFailure(`invalid path: ${path} must not contain '..'`, 'SetUp', name);
  await attach(path);
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new MountFailure(`path "${path}" does not exist`, 'initialize', name);
  if (asDevice) {
    if (!found.isBlockDevice()) throw new MountFailure(`${path} is not a block device`, 'map', name);
    return { path, readOnly, isDevice: true, live: false };
  }
  if (found.isDirectory()) return readyFolder(path, readOnly);
  if (!found.isBlockDevice())
    throw new MountFailure('only directory and block device are supported', 'initialize', name);
  await mountBlockVolume(path, mountPoint, fsType || 'ext4', readOnly);
  return readyFolder(mountPoint, readOnly);
}

async function giveToPod(path: string, { spec }: k8s.Pod): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = spec?.securityContext ?? {};
  if (fsGroup === undefined) return;
  const onlyOnMismatch = fsGroupChangePolicy === 'OnRootMismatch';
  await giveToGroup(path, { group: fsGroup, readOnly: false, onlyOnMismatch });
}
