import type { Controller, ControllerContext } from '../controller.ts';
import { startDaemonSets } from '../daemonset/daemonset-controller.ts';
import { startDeployments } from '../deployment/deployment-controller.ts';
import { startReplicaSets, startReplicationControllers } from '../replicaset/replicaset-controller.ts';
import { startStatefulSets } from '../statefulset/statefulset-controller.ts';
import type { SharedInformers } from './shared-informers.ts';

const STARTERS = [
  startReplicaSets,
  startReplicationControllers,
  startDeployments,
  startStatefulSets,
  startDaemonSets,
];

/** Starts the controllers that make pods and keep them. */
export function startWorkloads(context: ControllerContext, informers: SharedInformers): Controller {
  const controllers: Controller[] = [];
  for (const start of STARTERS) controllers.push(start(context, informers));
  return {
    synced: Promise.all(controllers.map(({ synced }) => synced)),
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
