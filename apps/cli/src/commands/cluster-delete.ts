import { CLUSTERS } from '@sampan/clusters';
import type { Client } from '@sampan/machinery';
import { printObjects } from '../apps/make.ts';
import { applyChange, getCluster, now, outputOf, waitMsOf, withHost } from '../clusters/change-cluster.ts';
import { durationOf } from '../clusters/durations.ts';
import { shownOf } from '../clusters/shown-of.ts';
import { watchCluster } from '../clusters/watch-cluster.ts';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';
import { asCalled } from '../program-name.ts';

/** Into the trash, from which it can be taken back for a day; `--now`: at once and for good. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options, environment } = invocation;
  const [name = ''] = args;
  return await withHost(invocation, async (client) => {
    await getCluster(client, name);
    if (options['dry-run'] !== true) checkConfirmed(name, options.confirm);
    if (options.now === true) return await deleteNow(invocation, client, name);
    const keepSeconds = durationOf('keep', options.keep);
    const deletion = { requestedAt: now(), ...(keepSeconds === undefined ? {} : { keepSeconds }) };
    const deleted = await applyChange(invocation, client, name, { patch: { deletion }, word: '' });
    await printObjects([shownOf(deleted)], outputOf(invocation), () => 'in the trash');
    if (outputOf(invocation) === undefined)
      process.stderr.write(
        asCalled(
          `Until it is deleted for good, take it back with: sampan cluster undelete ${name}\n`,
          environment,
        ),
      );
    return 0;
  });
}

function checkConfirmed(name: string, confirm: unknown): void {
  if (confirm === name) return;
  throw usage(
    `This deletes the cluster ${name} with all that is in it.`,
    `If you mean it: sampan cluster delete ${name} --confirm=${name}`,
  );
}

async function deleteNow(invocation: Invocation, client: Client, name: string): Promise<number> {
  const { options } = invocation;
  const cluster = await getCluster(client, name);
  const { uid } = cluster.metadata;
  const dryRun = options['dry-run'] === true;
  const preconditions = uid === undefined ? {} : { preconditions: { uid } };
  await client.delete(CLUSTERS, undefined, name, { dryRun, ...preconditions });
  const timeoutMs = waitMsOf(invocation);
  const isGone =
    !dryRun &&
    timeoutMs > 0 &&
    (await watchCluster(client, { name, timeoutMs }, (found) =>
      found?.metadata.uid === uid ? undefined : true,
    ));
  await printObjects([shownOf(cluster)], outputOf(invocation), () =>
    isGone ? 'deleted' : 'is being deleted',
  );
  return isGone || dryRun || timeoutMs === 0 ? 0 : 1;
}
