import { changeCluster, now, outputOf } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { asCalled } from '../program-name.ts';

/** New keys in two phases, so that nobody is locked out who fetched new credentials in between. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options, environment } = invocation;
  const requestedAt = now();
  const finishes = options.finish === true;
  await changeCluster(invocation, {
    patch: { rotation: finishes ? { finishRequestedAt: requestedAt } : { startRequestedAt: requestedAt } },
    done: finishes ? 'rotationFinish' : 'rotationStart',
    condition: 'KeysRotated',
    word: finishes ? 'believes the new keys only' : 'has new keys, and believes the old ones, too',
  });
  if (!finishes && outputOf(invocation) === undefined)
    process.stderr.write(
      asCalled(
        `Hand out new kubeconfigs and restart pods that use the API, then: sampan cluster rotate ${args[0]} --finish\n`,
        environment,
      ),
    );
  return 0;
}
