import { changeCluster } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';

/** It sleeps, and answers no requests. */
export async function run(invocation: Invocation): Promise<number> {
  await changeCluster(invocation, { patch: { paused: true }, word: 'paused' });
  return 0;
}
