import { CLUSTERS, type Cluster } from '@sampan/clusters';
import { printObjects } from '../apps/make.ts';
import { applyChange, type Change, now, outputOf, withHost } from '../clusters/change-cluster.ts';
import { shownOf } from '../clusters/shown-of.ts';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';

/** One after the other; the first that fails is the last. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const output = outputOf(invocation);
  if (options.all === true ? args.length > 0 : args.length === 0)
    throw usage(
      '"cluster upgrade" needs the names of clusters, or --all.',
      'See: sampan help cluster upgrade',
    );
  return await withHost(invocation, async (client) => {
    const { items } = options.all === true ? await client.list<Cluster>(CLUSTERS) : { items: [] };
    const names =
      options.all === true ? items.filter(isThere).map(({ metadata }) => metadata.name ?? '') : args;
    const upgraded: Cluster[] = [];
    for (const name of names) {
      const change = changeOf(options.rollback === true);
      const cluster = await applyChange(invocation, client, name, change);
      upgraded.push(cluster);
      if (output === undefined) await printObjects([cluster], undefined, () => change.word);
    }
    if (output !== undefined) await printObjects(upgraded.map(shownOf), output);
    return 0;
  });
}

const isThere = ({ metadata, spec }: Cluster): boolean =>
  metadata.deletionTimestamp === undefined && spec?.deletion === undefined;

function changeOf(isRollback: boolean): Change {
  const requestedAt = now();
  return isRollback
    ? {
        patch: { upgrade: { rollbackRequestedAt: requestedAt } },
        done: 'rollback',
        condition: 'Upgraded',
        word: 'as before',
      }
    : {
        patch: { upgrade: { requestedAt } },
        done: 'upgrade',
        condition: 'Upgraded',
        word: 'upgraded',
      };
}
