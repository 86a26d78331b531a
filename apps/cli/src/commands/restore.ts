import { readRunState } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { readHomeBackup } from '../home-backup/read-backup.ts';
import { homeFlag } from '../next-steps.ts';
import { asCalled } from '../program-name.ts';

/** A home of a backup, where none is. */
export async function run(invocation: Invocation): Promise<number> {
  const { home, args, environment } = invocation;
  const [file = ''] = args;
  const { createdAt, clusters } = await readHomeBackup(file, home);
  process.stdout.write(
    `${home.root} is as of ${createdAt}: the host cluster and ${clusters.length} others.\n`,
  );
  if (!readRunState(home))
    process.stderr.write(asCalled(`Start it with: sampan up${homeFlag(invocation)}\n`, environment));
  return 0;
}
