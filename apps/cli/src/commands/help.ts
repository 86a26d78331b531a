import type { Invocation } from '../command.ts';
import { printHelp } from '../help.ts';

export async function run({ args }: Invocation): Promise<number> {
  printHelp(args);
  return 0;
}
