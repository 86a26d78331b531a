import type { Controller, ControllerContext } from '../controller.ts';
import { startReplicaSets, startReplicationControllers } from '../replicaset/replicaset-controller.ts';
import { SharedInformers } from './shared-informers.ts';

const STARTERS = [startReplicaSets, startReplicationControllers];

/** Starts the controllers that make pods and keep them, on shared informers. */
export function startWorkloads(context: ControllerContext): Controller {
  const informers = new SharedInformers(context, context.client('workload-informers'));
  // controllers that follow the changes of a resource must do so before its first list
  const controllers: Controller[] = [];
  for (const start of STARTERS) controllers.push(start(context, informers));
  informers.start();
  return {
    synced: Promise.all(controllers.map(({ synced }) => synced)),
    async stop() {
      informers.stop();
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
