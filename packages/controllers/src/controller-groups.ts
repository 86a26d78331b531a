import type { Controller, ControllerContext } from './controller.ts';
import { startDisruption } from './disruption/disruption-controller.ts';
import { startServiceEndpoints } from './endpoints/start.ts';
import type { SharedInformers } from './workloads/shared-informers.ts';
import { startWorkloads } from './workloads/start-workloads.ts';

type Start = (context: ControllerContext, informers: SharedInformers) => Controller;

/**
 * The controllers that share informers, all started before the informers' first list; each group may be left out.
 */
export const CONTROLLER_GROUPS = {
  disruption: startDisruption,
  endpoints: startServiceEndpoints,
  workloads: startWorkloads,
} as const satisfies Record<string, Start>;

export type ControllerGroup = keyof typeof CONTROLLER_GROUPS;
