/**
 * Tier 3: guest clusters. Start with `kind/cluster.ts` (what they are), then `controller/cluster-controller.ts` (what
 * makes them so) and `guest-host.ts` (what holds them).
 */
export { isHandled } from './controller/cluster-actions.ts';
export {
  type ClusterController,
  type ClusterControllerOptions,
  startClusterController,
} from './controller/cluster-controller.ts';
export * from './guest-host.ts';
export * from './kind/cluster.ts';
export { clusterDefinition } from './kind/cluster-definition.ts';
export * from './node-request.ts';
export { answerCalls, Caller, type CallMessage, type CallPort } from './process/calls.ts';
