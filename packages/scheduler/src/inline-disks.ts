import type { k8s } from '@sampan/api';

/** A disk that a pod names itself, without a claim, and that only one pod of a node can have. */
export interface InlineDisk {
  /** `KIND/IDENTITY`. */
  readonly id: string;
  /** Others may have it too, when they also only read it. */
  readonly isShared: boolean;
}

/** The disks of a pod (upstream's VolumeRestrictions): GCE, EBS, iSCSI and Ceph RBD. */
export function inlineDisksOf({ volumes = [] }: k8s.PodSpec): InlineDisk[] {
  const disks: InlineDisk[] = [];
  for (const { gcePersistentDisk: gce, awsElasticBlockStore: ebs, iscsi, rbd } of volumes) {
    if (gce) disks.push({ id: `gce/${gce.pdName}`, isShared: gce.readOnly === true });
    if (ebs) disks.push({ id: `ebs/${ebs.volumeID}`, isShared: false });
    if (iscsi) disks.push({ id: `iscsi/${iscsi.iqn}`, isShared: iscsi.readOnly === true });
    // one Ceph cluster may be named by different monitors
    for (const monitor of rbd?.monitors ?? [])
      disks.push({
        id: `rbd/${monitor}/${rbd?.pool ?? 'rbd'}/${rbd?.image}`,
        isShared: rbd?.readOnly === true,
      });
  }
  return disks;
}

export const clash = (some: readonly InlineDisk[], others: readonly InlineDisk[]): boolean =>
  some.some(({ id, isShared }) => others.some((other) => other.id === id && !(isShared && other.isShared)));
