import { createUser, kubeconfigObject, kubeconfigYaml, readRunState } from '@sampan/home';
import { guestOf } from '../check-cluster.ts';
import { kubeconfigFor } from '../clusters/kubeconfig-for.ts';
import type { Invocation } from '../command.ts';
import { adminAccess } from '../endpoint.ts';
import { usage } from '../parse.ts';
import { asCalled, saidInCluster } from '../program-name.ts';
import { printData, structuredFormat } from '../structured.ts';
import { listOf } from '../values.ts';

/** The kubeconfig goes to stdout, so that it can be sent to a file; what is for people goes to stderr. */
export async function run(invocation: Invocation): Promise<number> {
  const { home, port, args, options, environment } = invocation;
  const [name = ''] = args;
  const groups = listOf(options.group);
  if (guestOf(invocation) !== undefined) return await createInCluster(invocation, name);
  if (options.expires !== undefined)
    throw usage(
      '--expires needs --cluster.',
      'In the host cluster: sampan kubeconfig --user NAME --expires 30d',
    );
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
${rightsHint(name)}`;
  process.stderr.write(asCalled(message, environment));
  return 0;
}

const rightsHint = (
  name: string,
): string => `At first it may do nothing. To let ${name} see everything, or change everything in the namespace default:
  sampan kubectl create clusterrolebinding ${name}-view --clusterrole=view --user=${name}
  sampan kubectl create rolebinding ${name}-edit --clusterrole=edit --user=${name} --namespace=default
`;

/** In another cluster than the host's a person is a certificate: that cluster alone believes it, and nobody lists it. */
async function createInCluster(invocation: Invocation, name: string): Promise<number> {
  const { home, options, environment } = invocation;
  const withUser = { ...invocation, options: { ...options, user: name } };
  const { access, names, notAfter } = kubeconfigFor(withUser, readRunState(home));
  const format = structuredFormat(options.output);
  if (format) {
    const { url: _url, ...pair } = access;
    const certificateExpires = new Date(notAfter ?? 0).toISOString();
    const kubeconfig = kubeconfigObject(access, names);
    await printData({ name, groups: listOf(options.group), certificateExpires, ...pair, kubeconfig }, format);
    return 0;
  }
  process.stdout.write(kubeconfigYaml(access, names));
  const guest = guestOf(invocation);
  const until = new Date(notAfter ?? 0).toISOString().slice(0, 10);
  const message = `user/${name} created in ${guest}

The kubeconfig above goes to the person; it is valid until ${until}.
${rightsHint(name)}`;
  process.stderr.write(asCalled(saidInCluster(message, guest), environment));
  return 0;
}
