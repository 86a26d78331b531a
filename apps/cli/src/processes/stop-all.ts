import { type HomeLayout, readRunState } from '@sampan/home';
import { endNode, mayHaveContainers } from './node-process.ts';
import { stopProcess } from './stop-process.ts';

/**
 * Ends containers first, while the API can still hear of it, then the server. `now`: without their grace. False: nothing
 * ran.
 */
export async function stopAll(home: HomeLayout, { now = false } = {}): Promise<boolean> {
  const hasContainers = mayHaveContainers(home);
  const running = readRunState(home);
  try {
    await endNode(home, { now });
  } finally {
    // also when not all containers could be ended: what can stop does
    if (running) await stopProcess(running);
  }
  return hasContainers || running !== undefined;
}
