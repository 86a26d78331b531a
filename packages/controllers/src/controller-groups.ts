import { startAutoscalers } from './autoscaling/hpa-controller.ts';
import { startCronJobs } from './cronjob/cronjob-controller.ts';
import { startDisruption } from './disruption/disruption-controller.ts';
import { startServiceEndpoints } from './endpoints/start.ts';
import { startJobs } from './job/job-controller.ts';
import { startJobOrphans } from './job/orphans.ts';
import { startTtlAfterFinished } from './job/ttl-after-finished.ts';
import { startNodeLifecycle } from './nodes/node-lifecycle.ts';
import { startTaintEviction } from './nodes/taint-eviction.ts';
import { startPodGarbageCollector } from './pods/pod-garbage-collector.ts';
import { type Start, together } from './start-together.ts';
import { startEphemeralVolumes } from './volumes/ephemeral.ts';
import { startVolumes } from './volumes/volume-controller.ts';
import { startWorkloads } from './workloads/start-workloads.ts';

/**
 * The controllers that share informers, all started before the informers' first list; each group may be left out.
 */
export const CONTROLLER_GROUPS = {
  autoscaling: startAutoscalers,
  cronjobs: startCronJobs,
  disruption: startDisruption,
  endpoints: startServiceEndpoints,
  jobs: together(startJobs, startJobOrphans, startTtlAfterFinished),
  nodes: together(startNodeLifecycle, startTaintEviction, startPodGarbageCollector),
  volumes: together(startVolumes, startEphemeralVolumes),
  workloads: startWorkloads,
} as const satisfies Record<string, Start>;

export type ControllerGroup = keyof typeof CONTROLLER_GROUPS;
