import type { KubeObject } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionPlugin } from './contract.ts';
import { forbid, on } from './forbidden.ts';

/** Only bound claims of a class that allows it can grow (plugin/pkg/admission/storage/persistentvolume/resize). */
export function persistentVolumeClaimResize(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    handles: on('persistentvolumeclaims', 'UPDATE'),
    validate(request): undefined {
      const { object, old } = request;
      if (!object || !old || sizeOf(object).compare(sizeOf(old)) <= 0) return;
      if (old.status?.phase !== 'Bound') {
        throw forbid(request, 'Only bound persistent volume claims can be expanded');
      }
      if (mayGrow(object, old, reader)) return;
      throw forbid(
        request,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    },
  };
}

const ZERO = Quantity.of(0);
const sizeOf = (claim: KubeObject): Quantity =>
  Quantity.tryParse(String(claim.spec?.resources?.requests?.storage ?? '0')) ?? ZERO;

const classOf = (claim: KubeObject): string =>
  claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ??
  claim.spec?.storageClassName ??
  '';

function mayGrow(claim: KubeObject, old: KubeObject, reader: ObjectReader): boolean {
  const name = classOf(claim);
  if (name === '' || name !== classOf(old)) return false;
  return reader.get('storageclasses.storage.k8s.io', '', name)?.allowVolumeExpansion === true;
}
