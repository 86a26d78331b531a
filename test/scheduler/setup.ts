import type { KubeObject } from '@sampan/api';
import { type Client, HttpClient, REFS } from '@sampan/machinery';
import { type Scheduler, startScheduler } from '@sampan/scheduler';
import { type Plane, startPlane } from '../support/plane.ts';

/** How the scheduler speaks to the API: within its process, or from elsewhere with the rights of a scheduler. */
export const WAYS = ['in process', 'over HTTP, as system:kube-scheduler'] as const;
export type Way = (typeof WAYS)[number];

/** A control plane with our controllers and our scheduler, and nodes that are only objects. */
export class Cluster {
  readonly plane: Plane;
  readonly client: Client;
  readonly #way: Way;
  #scheduler: Scheduler | undefined;
  #http: HttpClient | undefined;

  private constructor(plane: Plane, way: Way) {
    this.plane = plane;
    this.client = plane.control.client('test');
    this.#way = way;
  }

  static async start(way: Way = 'in process'): Promise<Cluster> {
    const cluster = new Cluster(await startPlane({ controllers: true, without: ['nodes'] }), way);
    await cluster.startScheduler();
    return cluster;
  }

  async startScheduler(): Promise<void> {
    this.#scheduler = startScheduler({ client: this.#schedulersClient() });
    await this.#scheduler.synced;
  }

  #schedulersClient(): Client {
    if (this.#way === 'in process') return this.plane.control.client('kube-scheduler');
    const { url, ca, cert, key } = this.plane;
    const who = { asUser: 'system:kube-scheduler', asGroups: ['system:authenticated'] };
    this.#http = new HttpClient({ url, ca, cert, key, ...who }, { name: 'kube-scheduler' });
    return this.#http;
  }

  async stopScheduler(): Promise<void> {
    await this.#scheduler?.stop();
    this.#http?.close();
  }

  async close(): Promise<void> {
    await this.stopScheduler();
    await this.plane.close();
  }

  /** A ready node with these allocatable amounts. */
  async addNode(
    name: string,
    amounts: Record<string, string>,
    more: Partial<KubeObject> = {},
  ): Promise<void> {
    const labels = { 'kubernetes.io/hostname': name, ...more.metadata?.labels };
    await this.client.create(REFS.nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      ...(more.spec ? { spec: more.spec } : {}),
    });
    const status = {
      allocatable: { pods: '110', ...amounts },
      capacity: { pods: '110', ...amounts },
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
    };
    await this.client.patch(REFS.nodes, undefined, name, 'merge', { status }, { subresource: 'status' });
    // new nodes are tainted until they are ready; who lifts that is not here
    await this.client.patch(REFS.nodes, undefined, name, 'merge', {
      spec: { taints: more.spec?.taints ?? null },
    });
  }

  async removeNode(name: string): Promise<void> {
    await this.client.delete(REFS.nodes, undefined, name);
  }

  async addPod(name: string, spec: object = {}, labels: Record<string, string> = {}): Promise<void> {
    await this.client.create(REFS.pods, podOf(name, spec, labels));
  }

  pod(name: string): KubeObject | undefined {
    return this.plane.control.reader.get('pods', 'default', name);
  }

  nodeOf(name: string): string | undefined {
    return this.pod(name)?.spec?.nodeName;
  }

  /** Ends a pod as its kubelet would. */
  async endPod(name: string): Promise<void> {
    await this.client.delete(REFS.pods, 'default', name, { gracePeriodSeconds: 0 });
  }

  /** Why a pod has no node, as its status says. */
  whyNot(name: string): string | undefined {
    const condition = (this.pod(name)?.status?.conditions ?? []).find(
      ({ type, status }: { type: string; status: string }) => type === 'PodScheduled' && status === 'False',
    );
    return condition && `${condition.reason}: ${condition.message}`;
  }

  /** `REASON: NOTE` of the events about a pod. */
  eventsOf(name: string): string[] {
    return this.plane.control.reader
      .list('events', 'default')
      .filter(({ involvedObject }) => involvedObject?.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);
  }
}

export function podOf(name: string, spec: object = {}, labels: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels },
    spec: { containers: [{ name: 'c', image: 'c:1' }], ...spec },
  };
}

/** A spec whose one container asks for these amounts. */
export const asking = (requests: Record<string, string>, more: object = {}): object => ({
  containers: [{ name: 'c', image: 'c:1', resources: { requests } }],
  ...more,
});
