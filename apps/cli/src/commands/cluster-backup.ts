import { existsSync } from 'node:fs';
import type { ClusterBackups } from '@sampan/clusters';
import { giveBackup } from '../clusters/backup-files.ts';
import { changeCluster, now, type SpecPatch, waitMsOf } from '../clusters/change-cluster.ts';
import { size } from '../clusters/print-clusters.ts';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';
import { numberOf } from '../values.ts';

/** A backup now, or from now on by the clock. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [, file] = args;
  const plan = planFrom(invocation);
  if (plan) {
    if (file !== undefined)
      throw usage('A schedule writes no single file.', 'Leave out the file, or the schedule.');
    await changeCluster(invocation, { patch: { backup: plan } as SpecPatch, word: 'has its schedule' });
    return 0;
  }
  if (file !== undefined && existsSync(file)) throw usage(`${file} exists already.`, 'Name another file.');
  if (file !== undefined && (waitMsOf(invocation) === 0 || options['dry-run'] === true))
    throw usage(
      'The file is written when the backup is made.',
      'Leave out --wait 0 and --dry-run, or the file.',
    );
  return await backupNow(invocation, file);
}

async function backupNow(invocation: Invocation, file: string | undefined): Promise<number> {
  const requestedAt = now();
  const cluster = await changeCluster(invocation, {
    patch: { backup: { requestedAt } },
    done: 'backup',
    condition: 'BackedUp',
    word: 'backed up',
  });
  const made = cluster.status?.backup;
  if (!made || waitMsOf(invocation) === 0 || invocation.options['dry-run'] === true) return 0;
  if (file !== undefined) giveBackup(invocation.home, made.file, file);
  if (invocation.options.output === undefined)
    process.stdout.write(`${file ?? made.file}, ${size(made.bytes)}\n`);
  return 0;
}

/** Of what is said of schedules; undefined: nothing is. Null takes a field away. */
function planFrom({ options }: Invocation): { [K in keyof ClusterBackups]?: unknown } | undefined {
  const keep = numberOf('keep', options.keep, { least: 1, most: 1000 });
  const isNever = options.schedule === 'none';
  if (options.schedule === undefined && keep === undefined) return undefined;
  return {
    ...(options.schedule === undefined ? {} : { schedule: isNever ? null : options.schedule }),
    ...(keep === undefined ? {} : { keep }),
  };
}
