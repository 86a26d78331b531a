import { readNodeState, writeProxy } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { asCalled } from '../program-name.ts';
import { registryHome } from '../registry-access.ts';

/** What is in the machine's own networks is reached without a proxy. */
const USUAL_EXCEPTIONS = 'localhost,127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,.local,.internal';

export async function run({ home, args, options, environment }: Invocation): Promise<number> {
  const [url = ''] = args;
  const opened = registryHome(home);
  const except = typeof options.except === 'string' ? options.except : USUAL_EXCEPTIONS;
  writeProxy(opened, url === 'none' ? undefined : { url, except });
  process.stdout.write(url === 'none' ? 'No proxy is used.\n' : 'The proxy is set.\n');
  if (readNodeState(opened)) {
    process.stdout.write(
      asCalled('It counts from the next start: sampan down, then: sampan up\n', environment),
    );
  }
  return 0;
}
