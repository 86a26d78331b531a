import { SampanError } from '@sampan/base';
import { type App, findApp, listApps } from '../apps/app.ts';
import { runRemote } from '../apps/remote-command.ts';
import { isReady } from '../apps/workload.ts';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';

/** Most images have one of these; the first that is there is taken. */
const SHELL = ['sh', '-c', 'command -v bash >/dev/null 2>&1 && exec bash || exec sh'];

export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [name = '', ...words] = args;
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const command = words.length > 0 ? words : SHELL;
  // a shell without input ends at once
  const stdin = options.stdin === true || isTerminal || words.length === 0;
  const tty = options.tty === true || (isTerminal && stdin);
  return await withCluster(invocation, async ({ client, access, namespace }) => {
    const app = findApp(await listApps(client, namespace), name);
    const pod = runningPod(app);
    const container = typeof options.container === 'string' ? options.container : undefined;
    return await runRemote(access, { namespace, pod, container, command, stdin, tty });
  });
}

function runningPod(app: App): string {
  const running = app.pods.filter(
    ({ status, metadata }) => status?.phase === 'Running' && !metadata?.deletionTimestamp,
  );
  const [pod] = [...running.filter(isReady), ...running];
  if (pod?.metadata?.name) return pod.metadata.name;
  throw new SampanError(
    'app-not-running',
    `No pod of ${app.name} runs${app.trouble ? ` (${app.trouble.reason})` : ''}.`,
    {
      hint: 'See why: sampan ps',
    },
  );
}
