import { changeCluster } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';

/** Out of the trash: it is as it was. */
export async function run(invocation: Invocation): Promise<number> {
  await changeCluster(invocation, { patch: { deletion: null }, word: 'taken back' });
  return 0;
}
