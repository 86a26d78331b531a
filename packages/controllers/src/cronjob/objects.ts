import type { KubeObject, k8s } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';

export interface CronJob extends KubeObject {
  spec: k8s.BatchV1CronJobSpec;
  status?: k8s.BatchV1CronJobStatus;
}

export const CRON_JOBS: ResourceRef = {
  group: 'batch',
  version: 'v1',
  resource: 'cronjobs',
  kind: 'CronJob',
  namespaced: true,
};
