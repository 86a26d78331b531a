import { takeBackup, usingBackup } from '../clusters/backup-files.ts';
import { changeCluster, now, waitMsOf } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';
import { asCalled } from '../program-name.ts';

/** What the cluster has is replaced by what the backup holds. */
export async function run(invocation: Invocation): Promise<number> {
  const { home, args, options, environment } = invocation;
  const [name = '', file = ''] = args;
  const isDry = options['dry-run'] === true;
  if (!isDry && options.confirm !== name)
    throw usage(
      `This replaces all that is in the cluster ${name}.`,
      `If you mean it: sampan cluster restore ${name} ${file} --confirm=${name}`,
    );
  const backup = takeBackup(home, file);
  await usingBackup(backup, async () => {
    const requestedAt = now();
    await changeCluster(invocation, {
      patch: { restore: { backup: backup.name, requestedAt } },
      done: 'restore',
      condition: 'Restored',
      word: 'restored',
    });
    if (waitMsOf(invocation) === 0 && !isDry) backup.keep();
  });
  if (!isDry && options.output === undefined)
    process.stderr.write(
      asCalled(
        `What it had before comes back with: sampan cluster upgrade ${name} --rollback\n`,
        environment,
      ),
    );
  return 0;
}
