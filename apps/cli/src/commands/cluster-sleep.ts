import { changeCluster, now } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';

/** Until the next request. */
export async function run(invocation: Invocation): Promise<number> {
  const requestedAt = now();
  await changeCluster(invocation, {
    patch: { sleepRequestedAt: requestedAt },
    done: 'sleep',
    word: 'asleep',
  });
  return 0;
}
