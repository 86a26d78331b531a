import { startDaemonSets } from '../daemonset/daemonset-controller.ts';
import { startDeployments } from '../deployment/deployment-controller.ts';
import { startReplicaSets, startReplicationControllers } from '../replicaset/replicaset-controller.ts';
import { together } from '../start-together.ts';
import { startStatefulSets } from '../statefulset/statefulset-controller.ts';

/** Starts the controllers that make pods and keep them. */
export const startWorkloads = together(
  startReplicaSets,
  startReplicationControllers,
  startDeployments,
  startStatefulSets,
  startDaemonSets,
);
