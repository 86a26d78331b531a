import { SampanError } from '@sampan/base';
import type { Invocation } from './command.ts';

/** Throws `cluster-not-found`. */
export function checkCluster({ options }: Pick<Invocation, 'options'>): void {
  const name = options.cluster ?? 'host';
  if (name === 'host') return;
  throw new SampanError('cluster-not-found', `There is no cluster ${JSON.stringify(name)}.`, {
    hint: 'This release has one cluster, "host": leave --cluster out.',
  });
}
