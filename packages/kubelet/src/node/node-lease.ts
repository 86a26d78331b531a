import { type KubeObject, StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { type Client, microTime, REFS } from '@sampan/machinery';

const NAMESPACE = 'kube-node-lease';
/** How long the node counts as alive after the last renewal (kubelet nodeLeaseDurationSeconds). */
const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
const RETRY_MS = 1000;

export interface NodeLeaseOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: string;
  /** Who the Lease belongs to, so that it goes with the node. */
  readonly uid: string;
}

/** Renews the node's Lease, by which others see that it is alive (Kubernetes docs, "Node heartbeats"). */
export class NodeLease {
  readonly #options: NodeLeaseOptions;
  #lease: KubeObject | undefined;
  #cancel = (): void => {};
  #running = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: NodeLeaseOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = true;
    this.#next();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await this.#work;
  }

  #next(): void {
    const { log } = this.#options;
    this.#work = this.#renew().then(
      () => this.#schedule(RENEW_MS),
      (error: unknown) => {
        log.warn('the lease of the node could not be renewed', { error: messageOf(error) });
        this.#lease = undefined;
        this.#schedule(RETRY_MS);
      },
    );
  }

  #schedule(ms: number): void {
    if (this.#running) this.#cancel = this.#options.clock.schedule(() => this.#next(), ms);
  }

  async #renew(): Promise<void> {
    const { client, clock, node } = this.#options;
    const renewTime = microTime(clock.now());
    const known = this.#lease ?? (await this.#read());
    if (!known) {
      this.#lease = await client.create<KubeObject>(REFS.leases, this.#object(renewTime));
      return;
    }
    const spec = { ...(known.spec as object), ...this.#spec(), renewTime };
    this.#lease = await client.update(REFS.leases, { ...known, spec }).catch((error: unknown) => {
      if (!(error instanceof StatusError) || (error.code !== 404 && error.code !== 409)) throw error;
      throw new Error(`the lease ${node} was changed by somebody else: ${error.message}`);
    });
  }

  async #read(): Promise<KubeObject | undefined> {
    const { client, node } = this.#options;
    return client.get<KubeObject>(REFS.leases, NAMESPACE, node).catch((error: unknown) => {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    });
  }

  #spec() {
    return { holderIdentity: this.#options.node, leaseDurationSeconds: LEASE_SECONDS };
  }

  #object(renewTime: string): KubeObject {
    const { node, uid } = this.#options;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: node,
        namespace: NAMESPACE,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid }],
      },
      spec: { ...this.#spec(), renewTime },
    };
  }
}
