import type { Invocation } from '../command.ts';
import { stopAll } from '../processes/stop-all.ts';

export async function run({ home }: Invocation): Promise<number> {
  const stopped = await stopAll(home);
  process.stdout.write(
    stopped
      ? `Sampan is stopped; everything stays in ${home.root}.\n`
      : `Sampan does not run on ${home.root}.\n`,
  );
  return 0;
}
