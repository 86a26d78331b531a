import { controllerRevisionRules } from '../apps/controllerrevision.ts';
import { daemonSetRules } from '../apps/daemonset.ts';
import { deploymentRules } from '../apps/deployment.ts';
import { replicaSetRules } from '../apps/replicaset.ts';
import { statefulSetRules } from '../apps/statefulset.ts';
import { cronJobRules } from '../batch/cronjob.ts';
import { jobRules } from '../batch/job.ts';
import { podRules } from '../core/pod/rules.ts';
import { podTemplateRules } from '../core/podtemplate.ts';
import { replicationControllerRules } from '../core/replicationcontroller.ts';
import type { KindRules } from './resource.ts';

/** Rules by `GROUP/Kind`; the core group is empty: `/Pod`. */
export const workloadRules: Readonly<Record<string, KindRules>> = {
  '/Pod': podRules,
  '/PodTemplate': podTemplateRules,
  '/ReplicationController': replicationControllerRules,
  'apps/ControllerRevision': controllerRevisionRules,
  'apps/DaemonSet': daemonSetRules,
  'apps/Deployment': deploymentRules,
  'apps/ReplicaSet': replicaSetRules,
  'apps/StatefulSet': statefulSetRules,
  'batch/CronJob': cronJobRules,
  'batch/Job': jobRules,
};
