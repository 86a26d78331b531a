import { randomInt } from 'node:crypto';
import type { KubeObject } from '@sampan/api';
import { type HomeLayout, type KubeAccess, readRunState } from '@sampan/home';
import { REFS } from '@sampan/machinery';
import { withCluster } from '../cluster.ts';
import { getCluster, withHost } from '../clusters/change-cluster.ts';
import { durationOf } from '../clusters/durations.ts';
import { ADMIN, issueGuestAccess } from '../clusters/guest-access.ts';
import type { Invocation } from '../command.ts';
import { adminAccess } from '../endpoint.ts';
import { printData, structuredFormat } from '../structured.ts';

const DAY_SECONDS = 86_400;

/** A bootstrap token of a cluster, and what a machine with a kubelet types to join by it. */
export async function run(invocation: Invocation): Promise<number> {
  const { home, port, args, options } = invocation;
  const [name = ''] = args;
  const seconds = durationOf('expires', options.expires) ?? DAY_SECONDS;
  await withHost(invocation, (client) => getCluster(client, name));
  const token = newToken();
  const expires = `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
  const guest = { ...invocation, options: { ...options, cluster: name } };
  await withCluster(guest, ({ client }) => client.create(REFS.secrets, secretOf(token, expires)));
  const access = serverOf(home, name, port);
  const kubeconfig = joinConfig(access, token.text);
  const format = structuredFormat(options.output);
  if (format) await printData({ token: token.text, expires, server: access.url, kubeconfig }, format);
  else {
    process.stdout.write(script(kubeconfig));
    process.stderr.write(notes(name, expires, access.url));
  }
  return 0;
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

function joinConfig({ url, ca }: Pick<KubeAccess, 'url' | 'ca'>, token: string) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'cluster',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'bootstrap', user: { token } }],
    contexts: [{ name: 'bootstrap', context: { cluster: 'cluster', user: 'bootstrap' } }],
    'current-context': 'bootstrap',
  };
}

/** To be typed, as root, on the machine that joins; JSON is YAML as well. */
const script = (kubeconfig: object): string => `mkdir -p /etc/kubernetes /var/lib/kubelet
cat > /etc/kubernetes/bootstrap-kubelet.conf <<'END'
${JSON.stringify(kubeconfig)}
END
kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/var/lib/kubelet/kubeconfig
`;

function notes(name: string, expires: string, url: string): string {
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
  const where = isLocal
    ? `${url} is reached from this machine only: others need Sampan to listen elsewhere (sampan up --listen ADDRESS).\n`
    : '';
  return `\nType this as root on the machine that joins ${name}; the token can be used until ${expires}.\n${where}`;
}
