import type { KubeObject } from '@sampan/api';

/** What answers an action that makes nothing (metav1.Status); its `code` is that of the response. */
export const success = (): KubeObject => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
});
