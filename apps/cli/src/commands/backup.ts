import { statSync } from 'node:fs';
import { size } from '../clusters/print-clusters.ts';
import type { Invocation } from '../command.ts';
import { writeHomeBackup } from '../home-backup/write-backup.ts';

/** All of a home into one file, while it serves. */
export async function run(invocation: Invocation): Promise<number> {
  const [file = ''] = invocation.args;
  const { clusters, failures } = await writeHomeBackup(invocation, file);
  const images = invocation.options['no-images'] === true ? ', without images' : '';
  process.stdout.write(
    `${file}, ${size(statSync(file).size)}: the host cluster and ${clusters.length} others${images}\n`,
  );
  process.stderr.write('It holds all keys: whoever can read it rules all clusters.\n');
  for (const failure of failures) process.stderr.write(`Not in it is the cluster ${failure}\n`);
  return failures.length > 0 ? 1 : 0;
}
