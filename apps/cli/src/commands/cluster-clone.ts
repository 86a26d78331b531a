import { checkNewName } from '../clusters/cluster-spec.ts';
import type { Invocation } from '../command.ts';
import { createCluster } from './cluster-create.ts';

/** Another cluster with all that one has; none of its credentials. */
export async function run(invocation: Invocation): Promise<number> {
  const [origin = '', name = ''] = invocation.args;
  return await createCluster(invocation, checkNewName(name), origin);
}
