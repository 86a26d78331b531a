import type { Invocation } from '../command.ts';
import { SHELLS } from '../completion/scripts.ts';
import { usage } from '../parse.ts';
import { suggest } from '../suggest.ts';

export async function run({ args }: Invocation): Promise<number> {
  const [shell = ''] = args;
  const script = SHELLS[shell];
  if (!script) {
    const meant = suggest(shell, Object.keys(SHELLS));
    throw usage(
      `There is no completion for ${JSON.stringify(shell)}.`,
      meant ? `Did you mean: ${meant}` : `Known: ${Object.keys(SHELLS).join(', ')}`,
    );
  }
  process.stdout.write(script());
  return 0;
}
