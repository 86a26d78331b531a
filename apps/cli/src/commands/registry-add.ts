import { type Registry, writeRegistry } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';
import { readAuthority } from '../read-authority.ts';
import { readPassword } from '../read-password.ts';
import { registryHome } from '../registry-access.ts';
import { listOf } from '../values.ts';

/** What was set for the registry before is replaced as a whole. */
export async function run({ home, args, options }: Invocation): Promise<number> {
  const [host = ''] = args;
  const { ca, user } = options;
  const hasPassword = options['password-stdin'] === true;
  if ((typeof user === 'string') !== hasPassword) {
    throw usage(
      'A login needs both --user and --password-stdin.',
      'For example: sampan registry add ghcr.io --user ann --password-stdin < password.txt',
    );
  }
  const registry: Registry = {
    host,
    mirrors: listOf(options.mirror),
    insecureHttp: options['insecure-http'] === true,
    ...(typeof ca === 'string' ? { ca: readAuthority(ca) } : {}),
    ...(typeof user === 'string' ? { login: { user, password: readPassword() } } : {}),
  };
  writeRegistry(registryHome(home), registry);
  process.stdout.write(`registry/${host} added; it counts from the next image that is fetched\n`);
  return 0;
}
