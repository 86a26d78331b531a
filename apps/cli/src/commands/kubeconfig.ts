import { kubeconfigObject, kubeconfigYaml, readRunState } from '@sampan/home';
import { checkCluster } from '../check-cluster.ts';
import type { Invocation } from '../command.ts';
import { adminAccess } from '../endpoint.ts';

export async function run({ home, port, options }: Invocation): Promise<number> {
  checkCluster({ options });
  const running = readRunState(home);
  const access = adminAccess(home, running, port);
  const names = { cluster: 'sampan', user: 'sampan-admin' };
  process.stdout.write(
    options.output === 'json'
      ? `${JSON.stringify(kubeconfigObject(access, names), null, 2)}\n`
      : kubeconfigYaml(access, names),
  );
  if (!running) process.stderr.write('Sampan does not run at the moment. Start it with: sampan up\n');
  return 0;
}
