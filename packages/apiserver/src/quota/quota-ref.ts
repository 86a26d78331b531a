import type { ResourceRef } from '@sampan/machinery';

export const QUOTA_REF: ResourceRef = {
  group: '',
  version: 'v1',
  resource: 'resourcequotas',
  kind: 'ResourceQuota',
  namespaced: true,
};
