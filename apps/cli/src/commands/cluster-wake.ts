import { changeCluster, now } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';

/** As its next request would. */
export async function run(invocation: Invocation): Promise<number> {
  const requestedAt = now();
  await changeCluster(invocation, {
    patch: { wakeRequestedAt: requestedAt },
    done: 'wake',
    condition: 'Ready',
    word: 'awake',
  });
  return 0;
}
