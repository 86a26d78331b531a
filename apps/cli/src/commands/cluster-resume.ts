import { changeCluster } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';

/** Its first request wakes it. */
export async function run(invocation: Invocation): Promise<number> {
  await changeCluster(invocation, { patch: { paused: false }, word: 'resumed' });
  return 0;
}
