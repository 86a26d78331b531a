import { createUser, kubeconfigObject, kubeconfigYaml, readRunState } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { adminAccess } from '../endpoint.ts';
import { asCalled } from '../program-name.ts';
import { printData, structuredFormat } from '../structured.ts';

/** The kubeconfig goes to stdout, so that it can be sent to a file; what is for people goes to stderr. */
export async function run({ home, port, args, options, environment }: Invocation): Promise<number> {
  const [name = ''] = args;
  const groups = Array.isArray(options.group) ? (options.group as readonly string[]) : [];
  const { url, ca } = adminAccess(home, readRunState(home), port);
  const { user, certificate, password } = createUser(home, name, groups);
  const access = { url, ca, ...certificate };
  const names = { cluster: 'sampan', user: name };
  const format = structuredFormat(options.output);
  if (format) {
    const { certificateExpires } = user;
    const kubeconfig = kubeconfigObject(access, names);
    await printData({ name, groups, certificateExpires, ...certificate, ca, kubeconfig, password }, format);
    return 0;
  }
  process.stdout.write(kubeconfigYaml(access, names));
  const message = `user/${name} created

Password for the registry, shown only this once: ${password}

The kubeconfig above goes to the person; it is valid until ${user.certificateExpires.slice(0, 10)}.
At first it may do nothing. To let ${name} see everything, or change everything in the namespace default:
  sampan kubectl create clusterrolebinding ${name}-view --clusterrole=view --user=${name}
  sampan kubectl create rolebinding ${name}-edit --clusterrole=edit --user=${name} --namespace=default
`;
  process.stderr.write(asCalled(message, environment));
  return 0;
}
