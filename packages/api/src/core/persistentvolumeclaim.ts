import type { KindRules } from '../kinds/resource.ts';
import { persistentVolumeClaimWarnings } from './persistentvolume-warnings.ts';
import { persistentVolumeClaimSpecErrors } from './persistentvolumeclaim-spec.ts';
import { validateClaimStatus } from './persistentvolumeclaim-status.ts';
import { validateClaimUpdate } from './persistentvolumeclaim-update.ts';
import { roundToMilli } from './pod/defaults.ts';
import type { Part } from './shared.ts';

export { persistentVolumeClaimSpecErrors };

/** dataSource and dataSourceRef name one thing; whichever is set fills the other (NormalizeDataSources). */
function normalizeDataSources(spec: Part): void {
  if (spec.dataSource !== undefined && spec.dataSourceRef === undefined)
    spec.dataSourceRef = { ...spec.dataSource };
  else if (
    spec.dataSourceRef !== undefined &&
    spec.dataSource === undefined &&
    !spec.dataSourceRef.namespace
  ) {
    const { namespace: _, ...source } = spec.dataSourceRef;
    spec.dataSource = source;
  }
}

export function setClaimSpecDefaults(spec: Part): void {
  spec.volumeMode ??= 'Filesystem';
  roundToMilli(spec.resources?.requests);
  roundToMilli(spec.resources?.limits);
}

export const persistentVolumeClaimRules: KindRules = {
  setDefaults(claim) {
    claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
    claim.spec ??= {};
    setClaimSpecDefaults(claim.spec);
  },
  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
    normalizeDataSources(claim.spec);
  },
  prepareForUpdate(claim, old) {
    claim.status = old.status;
    normalizeDataSources(claim.spec);
  },
  validate: (claim) => persistentVolumeClaimSpecErrors(claim.spec ?? {}, 'spec'),
  validateUpdate: validateClaimUpdate,
  warnings: persistentVolumeClaimWarnings,
  status: {
    prepareForUpdate(claim, old) {
      claim.spec = old.spec;
    },
    validateUpdate: validateClaimStatus,
  },
  generation: false,
};
