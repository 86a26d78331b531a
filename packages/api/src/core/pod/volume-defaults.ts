import type * as k8s from '../../generated/types.ts';
import { setClaimSpecDefaults } from '../persistentvolumeclaim.ts';
import { defaultPullPolicy } from './image.ts';
import { VOLUME_SOURCE_FIELDS } from './volumes.ts';

/** 0644 */
const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3600;

/** SetDefaults_Volume and the defaults of all sources. */
export function setVolumeDefaults(volume: k8s.Volume): void {
  if (VOLUME_SOURCE_FIELDS.every((field) => volume[field] === undefined || volume[field] === null)) {
    volume.emptyDir = {};
  }
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source !== undefined) source.defaultMode ??= FILE_MODE;
  }
  if (volume.hostPath !== undefined) volume.hostPath.type ??= '';
  setFieldReferences(volume.downwardAPI?.items);
  for (const projection of volume.projected?.sources ?? []) {
    if (projection.serviceAccountToken !== undefined) {
      projection.serviceAccountToken.expirationSeconds ??= TOKEN_SECONDS;
    }
    setFieldReferences(projection.downwardAPI?.items);
  }
  if (volume.image !== undefined) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '');
  const claim = volume.ephemeral?.volumeClaimTemplate;
  if (claim?.spec !== undefined) setClaimSpecDefaults(claim.spec);
  setPluginDefaults(volume);
}

function setFieldReferences(items: readonly k8s.DownwardAPIVolumeFile[] | undefined): void {
  for (const { fieldRef } of items ?? []) if (fieldRef !== undefined) fieldRef.apiVersion ||= 'v1';
}

function setPluginDefaults({ iscsi, rbd, azureDisk, scaleIO }: k8s.Volume): void {
  if (iscsi !== undefined) iscsi.iscsiInterface ||= 'default';
  if (rbd !== undefined) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (azureDisk !== undefined) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.kind ??= 'Shared';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
  }
  if (scaleIO !== undefined) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}
