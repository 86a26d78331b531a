import { kubeconfigObject, kubeconfigYaml, readRunState } from '@sampan/home';
import { type KubeconfigContent, kubeconfigFor } from '../clusters/kubeconfig-for.ts';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { home, options } = invocation;
  const isMerged = options.merge === true;
  if (isMerged && options.output !== undefined)
    throw usage('--merge prints no kubeconfig.', 'Leave out --output, or --merge.');
  const running = readRunState(home);
  const content = kubeconfigFor(invocation, running);
  if (isMerged) await merge(invocation, content);
  else print(content, options.output);
  if (!running) process.stderr.write('Sampan does not run at the moment. Start it with: sampan up\n');
  return 0;
}

function print({ access, names, notAfter }: KubeconfigContent, output: unknown): void {
  process.stdout.write(
    output === 'json'
      ? `${JSON.stringify(kubeconfigObject(access, names), null, 2)}\n`
      : kubeconfigYaml(access, names),
  );
  // who redirects it to a file sees it all the same
  if (notAfter !== undefined && process.stderr.isTTY)
    process.stderr.write(`It can be used until ${new Date(notAfter).toISOString().slice(0, 16)}Z.\n`);
}

async function merge(
  { environment, options }: Invocation,
  { access, names }: KubeconfigContent,
): Promise<void> {
  const { mergeKubeconfig, userKubeconfig } = await import('../clusters/merge-kubeconfig.ts');
  const makesCurrent = options['no-switch'] !== true;
  const { file, backup, before } = mergeKubeconfig(
    userKubeconfig(environment),
    kubeconfigObject(access, names),
    { makesCurrent },
  );
  const lines = [
    `The context ${names.cluster} is in ${file}.`,
    ...(backup === undefined ? [] : [`What it was before: ${backup}`]),
    makesCurrent ? `kubectl speaks to it now.` : `To speak to it: kubectl --context ${names.cluster} get all`,
    ...(before === undefined ? [] : [`Back to the one before: kubectl config use-context ${before}`]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
