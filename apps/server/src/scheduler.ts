import type { ControlPlane } from '@sampan/apiserver';
import type { Logger } from '@sampan/base';
import { startScheduler } from '@sampan/scheduler';

/**
 * Starts the scheduler on a control plane; the returned function stops it. It reads the present state on its own
 * time: nobody waits for it.
 */
export function startSchedulerOf(plane: ControlPlane, log: Logger): () => Promise<void> {
  const scheduler = startScheduler({ client: plane.client('kube-scheduler'), log });
  return () => scheduler.stop();
}
