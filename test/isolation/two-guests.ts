import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeLayout } from '@sampan/home';
import { issueCertificate, loadCertificateAuthority } from '@sampan/machinery';
import { eventually } from '../clients/eventually.ts';
import { type Sampan, type SampanOptions, startSampan } from '../support/sampan.ts';
import { type Answer, ask, type Credentials, type Question } from './ask.ts';

/** A cluster, and its administrator. */
export interface Cluster {
  readonly name: string;
  /** Before all paths of it; empty: the host cluster. */
  readonly prefix: string;
  readonly url: string;
  readonly admin: Credentials;
  /** A certificate of the cluster's own authority. */
  certificate(commonName: string, organizations?: readonly string[]): Credentials;
  /** Asks as the administrator, unless the question says who; `path` is one within the cluster. */
  ask(question: Question): Promise<Answer>;
  get(path: string): Promise<Answer>;
  create(path: string, body: object): Promise<Answer>;
  remove(path: string): Promise<Answer>;
  /** A token of a ServiceAccount, which is made, too, with all rights. */
  token(name?: string, spec?: object): Promise<string>;
}

export interface TwoGuests {
  readonly sampan: Sampan;
  readonly host: Cluster;
  readonly a: Cluster;
  readonly b: Cluster;
  stop(): Promise<void>;
}

/** A server with two guest clusters, `a` and `b`, and no node. */
export async function startTwoGuests(options: SampanOptions = {}): Promise<TwoGuests> {
  const sampan = await startSampan(options);
  try {
    const host = hostCluster(sampan);
    const [a, b] = await Promise.all(['a', 'b'].map((name) => makeGuest(sampan, host, name)));
    if (!a || !b) throw new Error('there are no clusters');
    return { sampan, host, a, b, stop: () => sampan.stop() };
  } catch (error) {
    await sampan.stop();
    throw error;
  }
}

export const hostCluster = (sampan: Pick<Sampan, 'url' | 'cert' | 'key'>): Cluster =>
  clusterOf(sampan, '', '', { cert: sampan.cert, key: sampan.key }, () => {
    throw new Error('nothing is to be signed for the host cluster');
  });

export const CLUSTERS = '/apis/clusters.sampan.dev/v1/clusters';

/** Makes a cluster of the host cluster, and waits until it is ready. */
export async function makeGuest(
  sampan: Pick<Sampan, 'home' | 'url'>,
  host: Cluster,
  name: string,
  spec: object = {},
): Promise<Cluster> {
  const manifest = { apiVersion: 'clusters.sampan.dev/v1', kind: 'Cluster', metadata: { name }, spec };
  const made = await eventually('the kind Cluster is served', async () => {
    const answer = await host.create(CLUSTERS, manifest);
    return answer.code !== 404 && answer;
  });
  if (made.code !== 201) throw new Error(`${name} was not made: ${made.text}`);
  await eventually(`${name} runs`, async () => {
    const { status } = (await host.get(`${CLUSTERS}/${name}`)).json();
    if (status?.phase === 'Failed') throw new Error(`${name} failed: ${JSON.stringify(status)}`);
    return status?.phase === 'Running';
  });
  const file = join(homeLayout(sampan.home).clusters, name, 'keys.json');
  const { caCertificate, caKey } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const authority = loadCertificateAuthority(caCertificate ?? '', caKey ?? '');
  const certificate = (commonName: string, organizations: readonly string[] = []): Credentials => {
    const { certificatePem, privateKeyPem = '' } = issueCertificate(authority, {
      subject: { commonName, organizations: [...organizations] },
      usages: ['digital signature', 'client auth'],
    });
    return { cert: certificatePem, key: privateKeyPem };
  };
  return clusterOf(sampan, name, `/clusters/${name}`, certificate('admin', ['system:masters']), certificate);
}

function clusterOf(
  { url }: Pick<Sampan, 'url'>,
  name: string,
  prefix: string,
  admin: Credentials,
  certificate: Cluster['certificate'],
): Cluster {
  const askIt = (question: Question) => {
    const isSomebody = 'cert' in question || 'token' in question;
    return ask(url, { ...(isSomebody ? {} : admin), ...question, path: `${prefix}${question.path}` });
  };
  const create = (path: string, body: object) => askIt({ method: 'POST', path, body });
  return {
    name,
    prefix,
    url: `${url}${prefix}`,
    admin,
    certificate,
    ask: askIt,
    create,
    get: (path) => askIt({ path }),
    remove: (path) => askIt({ method: 'DELETE', path }),
    async token(account = 'default', spec = {}) {
      const accounts = '/api/v1/namespaces/default/serviceaccounts';
      await create(accounts, { metadata: { name: account } });
      await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
        metadata: { name: `all-${account}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name: account, namespace: 'default' }],
      });
      const { status } = (await create(`${accounts}/${account}/token`, { spec })).json();
      return status.token;
    },
  };
}

const BEGIN = '-----BEGIN CERTIFICATE-----';

/** A certificate as Sampan's listener tells it to the guests process. */
export const certificateHeader = ({ cert = '' }: Credentials): string =>
  cert.replace(BEGIN, '').replace('-----END CERTIFICATE-----', '').replace(/\s/g, '');
