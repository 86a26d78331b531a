import { readRunState } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { stopServer } from '../stop-server.ts';

export async function run({ home }: Invocation): Promise<number> {
  const running = readRunState(home);
  if (!running) {
    process.stdout.write(`Sampan does not run on ${home.root}.\n`);
    return 0;
  }
  await stopServer(running);
  process.stdout.write(`Sampan is stopped; everything stays in ${home.root}.\n`);
  return 0;
}
