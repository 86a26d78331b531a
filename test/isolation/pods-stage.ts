import { readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { homeLayout, kubeconfigYaml } from '@sampan/home';
import { type ClusterNetwork, clusterNetwork, hostAddressOf, networkName } from '@sampan/network';
import { eventually } from '../clients/eventually.ts';
import { Kubectl, type Outcome } from '../clients/kubectl.ts';
import { BUSYBOX, startTestNode, type TestNode } from '../support/node.ts';
import { MachineTrap } from './machine-trap.ts';
import { type Cluster, hostCluster, makeGuest } from './two-guests.ts';

export const PODS = '/api/v1/namespaces/default/pods';
export const SERVICES = '/api/v1/namespaces/default/services';
export const MERGE = 'application/merge-patch+json';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

export const container = (more: object = {}) => ({
  name: 'c',
  image: BUSYBOX,
  command: ['sleep', '10000'],
  ...more,
});
export const podOf = (name: string, spec: object = {}, more: object = {}) => ({
  metadata: { name, labels: { app: name }, ...more },
  spec: { terminationGracePeriodSeconds: 0, containers: [container()], ...spec },
});

const webOf = (text: string) =>
  podOf('web', {
    containers: [
      container({ command: ['sh', '-c', `echo ${text} > /www/index.html; exec httpd -f -p 80 -h /www`] }),
    ],
  });

/**
 * A node with the host cluster and two guests, alpha (`a`) and beta (`b`). Each has a pod `web` that tells of
 * whom it is; `a` has a pod `client`, from which the others are sought, and a namespace as free as there is.
 */
export class PodsStage {
  readonly node: TestNode;
  readonly host: Cluster;
  readonly a: Cluster;
  readonly b: Cluster;
  /** As the administrator of `a`. */
  readonly kubectl: Kubectl;
  readonly trap: MachineTrap;

  static async start(): Promise<PodsStage> {
    const node = await startTestNode();
    let trap: MachineTrap | undefined;
    try {
      const host = hostCluster(node.sampan);
      const guests = ['alpha', 'beta'].map((name) => makeGuest(node.sampan, host, name));
      const [a, b] = (await Promise.all(guests)) as [Cluster, Cluster];
      trap = await MachineTrap.start();
      const stage = new PodsStage(node, host, a, b, trap);
      await stage.#makePods();
      return stage;
    } catch (error) {
      await trap?.stop();
      await node.stop();
      throw error;
    }
  }

  private constructor(node: TestNode, host: Cluster, a: Cluster, b: Cluster, trap: MachineTrap) {
    this.node = node;
    this.host = host;
    this.a = a;
    this.b = b;
    this.trap = trap;
    this.kubectl = new Kubectl('kubectl', kubeconfigOf(node, a));
  }

  async #makePods(): Promise<void> {
    await this.a.ask({
      method: 'PATCH',
      path: '/api/v1/namespaces/default',
      type: MERGE,
      body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    });
    const pods = [
      [this.a, webOf('of-a')],
      [this.b, webOf('of-b')],
      [this.host, webOf('of-host')],
      [this.a, podOf('client')],
    ] as const;
    await Promise.all(pods.map(([cluster, pod]) => cluster.create(PODS, pod)));
    for (const [cluster, { metadata }] of pods)
      await eventually(`${metadata.name} of ${cluster.name} runs`, () => isReady(cluster, metadata.name));
  }

  async stop(): Promise<void> {
    await this.trap.stop();
    this.kubectl.close();
    await this.node.stop();
  }

  networkOf(name: 'alpha' | 'beta'): ClusterNetwork {
    const file = join(homeLayout(this.node.sampan.home).clusters, name, 'record.json');
    const { network } = JSON.parse(readFileSync(file, 'utf8')) as { readonly network: number };
    return clusterNetwork({ name: networkName(this.node.sampan.home, name), index: network });
  }

  /** Where the machine has the pod `web` of `b`. */
  async otherPod(): Promise<string> {
    return hostAddressOf(this.networkOf('beta'), await podIp(this.b));
  }

  inClient(...command: string[]): Promise<Outcome> {
    return this.kubectl.try(['exec', 'client', '--', ...command]);
  }
  /** What the client gets of an address; empty: nothing. */
  async fetched(url: string): Promise<string> {
    return (await this.inClient('busybox', 'timeout', '2', 'wget', '-q', '-O-', url)).out.trim();
  }
  /** Whether a connection comes about, whatever is said there. */
  async connects(address: string, port: string): Promise<boolean> {
    return (await this.inClient('sh', '-c', `echo | busybox timeout 2 nc ${address} ${port}`)).code === 0;
  }

  /** A Service of `a` whose endpoint is anywhere; gives its spec. */
  async serviceAt(name: string, spec: object, address: string, port: number) {
    const made = await this.a.create(SERVICES, { metadata: { name }, spec });
    await this.a.create(SLICES, {
      metadata: { name, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ port, protocol: 'TCP' }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    });
    return made.json().spec;
  }
}

/** Of the pod `web`. */
export const podIp = async (cluster: Cluster): Promise<string> =>
  (await cluster.get(`${PODS}/web`)).json().status.podIP;

export const machineAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);

const isReady = async (cluster: Cluster, name: string): Promise<boolean> =>
  (await cluster.get(`${PODS}/${name}`))
    .json()
    .status?.conditions?.some(
      (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
    ) ?? false;

function kubeconfigOf(node: TestNode, cluster: Cluster): string {
  const file = join(node.kubectl.folder, `kubeconfig-${cluster.name}`);
  const { cert = '', key = '' } = cluster.admin;
  const access = { url: cluster.url, ca: node.sampan.ca, certificate: cert, key };
  writeFileSync(file, kubeconfigYaml(access, { cluster: cluster.name, user: 'admin' }));
  return file;
}
