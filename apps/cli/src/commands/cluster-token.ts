import { randomInt } from 'node:crypto';
import type { KubeObject } from '@sampan/api';
import { CLUSTERS, type Cluster, DEFAULT_RANGES } from '@sampan/clusters';
import { type HomeLayout, type KubeAccess, readRunState } from '@sampan/home';
import { type Client, REFS } from '@sampan/machinery';
import { dnsAddressOf } from '@sampan/network';
import { withCluster } from '../cluster.ts';
import { getCluster, withHost } from '../clusters/change-cluster.ts';
import { durationOf } from '../clusters/durations.ts';
import { ADMIN, issueGuestAccess, readGuestAuthority } from '../clusters/guest-access.ts';
import { bootstrapKubeconfig, joinScript, kubeletConfiguration } from '../clusters/join-script.ts';
import type { Invocation } from '../command.ts';
import { adminAccess } from '../endpoint.ts';
import { printData, structuredFormat } from '../structured.ts';
import { listOf } from '../values.ts';

const DAY_SECONDS = 86_400;

/** A bootstrap token of a cluster, and what a machine with a kubelet types to join by it. */
export async function run(invocation: Invocation): Promise<number> {
  const { home, port, args, options } = invocation;
  const [name = ''] = args;
  const seconds = durationOf('expires', options.expires) ?? DAY_SECONDS;
  const ranges = listOf(options.from);
  const cluster = await withHost(invocation, (client) => allow(client, name, ranges));
  const token = newToken();
  const expires = `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
  const guest = { ...invocation, options: { ...options, cluster: name } };
  await withCluster(guest, ({ client }) => client.create(REFS.secrets, secretOf(token, expires)));
  const join = {
    server: serverOf(home, name, port),
    token: token.text,
    clientCa: readGuestAuthority(home, name),
    dnsAddress: dnsAddressOf({ serviceRange: cluster.spec?.network?.services ?? DEFAULT_RANGES.services }),
  };
  const format = structuredFormat(options.output);
  if (format) {
    const parts = { kubeconfig: bootstrapKubeconfig(join), kubelet: kubeletConfiguration(join) };
    const { url: server } = join.server;
    await printData({ token: token.text, expires, server, clientCa: join.clientCa, ...parts }, format);
  } else {
    process.stdout.write(joinScript(join));
    process.stderr.write(notes(name, expires, join.server.url, cluster.spec?.nodes?.ranges ?? []));
  }
  return 0;
}

/** Such machines may be called from now on, beside those that may be already. Throws `cluster-not-found`. */
async function allow(client: Client, name: string, more: readonly string[]): Promise<Cluster> {
  const cluster = await getCluster(client, name);
  const before = cluster.spec?.nodes?.ranges ?? [];
  const ranges = [...new Set([...before, ...more])];
  if (ranges.length === before.length) return cluster;
  return await client.patch<Cluster>(CLUSTERS, undefined, name, 'merge', { spec: { nodes: { ranges } } });
}

function serverOf(home: HomeLayout, name: string, port: number | undefined): Pick<KubeAccess, 'url' | 'ca'> {
  return issueGuestAccess(home, name, ADMIN, adminAccess(home, readRunState(home), port)).access;
}

interface Token {
  readonly id: string;
  readonly secret: string;
  /** Both, as clients give them. */
  readonly text: string;
}

/** Kubernetes docs, "Authenticating with Bootstrap Tokens": 6 and 16 of 36 characters. */
function newToken(): Token {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const word = (length: number) => Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
  const [id, secret] = [word(6), word(16)];
  return { id, secret, text: `${id}.${secret}` };
}

function secretOf({ id, secret }: Token, expiration: string): KubeObject & object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': id,
      'token-secret': secret,
      expiration,
      description: 'made by sampan cluster token',
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
    },
  };
}

function notes(name: string, expires: string, url: string, ranges: readonly string[]): string {
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
  const where = isLocal
    ? `${url} is reached from this machine only: others need Sampan to listen elsewhere (sampan up --listen ADDRESS).\n`
    : '';
  const called =
    ranges.length > 0
      ? `For logs and exec the cluster calls machines in ${ranges.join(', ')}.\n`
      : `kubectl logs and exec work there once you say where such machines are: sampan cluster token ${name} --from 192.0.2.0/24\n`;
  return `
Type this as root on the machine that joins ${name}; the token can be used until ${expires}.
It needs a kubelet, containerd and CNI plugins with a network of its own. Kubelets before 1.24 also need
--container-runtime=remote --container-runtime-endpoint=unix:///run/containerd/containerd.sock
${called}${where}`;
}
