import { SampanError } from '@sampan/base';
import { readRegistries, removeRegistry } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { registryHome } from '../registry-access.ts';
import { suggest } from '../suggest.ts';

export async function run({ home, args }: Invocation): Promise<number> {
  const [host = ''] = args;
  const opened = registryHome(home);
  if (!removeRegistry(opened, host)) {
    const meant = suggest(
      host,
      readRegistries(opened).map((registry) => registry.host),
    );
    throw new SampanError('registry-not-found', `The registry ${JSON.stringify(host)} has no settings.`, {
      hint: meant ? `Did you mean: ${meant}` : 'See: sampan registry list',
    });
  }
  process.stdout.write(`registry/${host} removed\n`);
  return 0;
}
