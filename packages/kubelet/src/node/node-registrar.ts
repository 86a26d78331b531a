import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { type Clock, deepEqual, type Logger, messageOf } from '@sampan/base';
import { type Client, REFS } from '@sampan/machinery';
import { advertisedResources } from './advertised-resources.ts';

export interface NodeRegistrarOptions {
  /** The node's own user. */
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly podCidr?: string;
  /** The status as it is now; `previous`: conditions that were told last. */
  readonly status: (previous: readonly k8s.NodeCondition[]) => Promise<k8s.NodeStatus>;
}

/** Without a change the status is told so often (kubelet nodeStatusReportFrequency). */
const REPORT_MS = 5 * 60_000;
const RETRY_MS = 1000;
/** Changes within this are told together. */
const GATHER_MS = 100;

type NodeObject = KubeObject & k8s.Node;

/** Has the API know the node: makes its object, and tells its status when it changes, or every five minutes. */
export class NodeRegistrar {
  readonly #options: NodeRegistrarOptions;
  #told: k8s.NodeStatus | undefined;
  /** As the API has it. */
  #seen: k8s.NodeStatus | undefined;
  #toldAt = 0;
  #cancel = (): void => {};
  #work: Promise<void> = Promise.resolve();
  #running = true;

  constructor(options: NodeRegistrarOptions) {
    this.#options = options;
  }

  /** Resolves when the node is registered with its present status; tries until it is, or until `stop`. */
  async start(): Promise<void> {
    await this.#turn();
    while (this.#running && !this.#told) {
      await new Promise<void>((resolve) => this.#options.clock.schedule(resolve, RETRY_MS));
      await this.#turn();
    }
  }

  /** Something of the status has changed. Cheap to call often. */
  changed(): void {
    if (!this.#running) return;
    this.#cancel();
    this.#cancel = this.#options.clock.schedule(() => void this.#turn(), GATHER_MS);
  }

  /** The node as the API has it: others may advertise resources on it. */
  observed({ status }: k8s.Node): void {
    this.#seen = status;
    if (this.#told && Object.keys(advertisedResources(this.#told, status)).length > 0) this.changed();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await this.#work;
  }

  #turn(): Promise<void> {
    this.#work = this.#work.then(() => this.#tell());
    return this.#work;
  }

  async #tell(): Promise<void> {
    if (!this.#running) return;
    const { clock, log } = this.#options;
    let nextMs = REPORT_MS;
    try {
      await this.#update();
    } catch (error) {
      log.warn('the status of the node could not be told', { error: messageOf(error) });
      nextMs = RETRY_MS;
    }
    this.#cancel();
    if (this.#running) this.#cancel = clock.schedule(() => void this.#turn(), nextMs);
  }

  async #update(): Promise<void> {
    const { client, name, clock, status } = this.#options;
    const first = this.#told === undefined;
    const node = first ? await this.#ensureNode() : undefined;
    const previous = node?.status?.conditions ?? this.#told?.conditions ?? [];
    const next = await status(previous);
    const advertised = advertisedResources(next, this.#seen);
    const isNews =
      !this.#told || !deepEqual(essence(next), essence(this.#told)) || Object.keys(advertised).length > 0;
    if (!isNews && clock.monotonic() - this.#toldAt < REPORT_MS - 1000) return;
    try {
      const patch = statusPatch(next, advertised);
      await client.patch<KubeObject>(REFS.nodes, undefined, name, 'strategic', patch, {
        subresource: 'status',
      });
    } catch (error) {
      // somebody deleted it: it is made again at the next try
      if (error instanceof StatusError && error.code === 404) this.#told = undefined;
      throw error;
    }
    this.#told = next;
    this.#toldAt = clock.monotonic();
  }

  async #ensureNode(): Promise<NodeObject> {
    const { client, name, labels, podCidr } = this.#options;
    const present = await client.get<NodeObject>(REFS.nodes, undefined, name).catch((error: unknown) => {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    });
    if (!present) {
      return client.create<NodeObject>(REFS.nodes, {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: { ...labels } },
        spec: { ...(podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] }) },
      });
    }
    const missing = Object.entries(labels).filter(([key, value]) => present.metadata.labels?.[key] !== value);
    if (missing.length === 0) return present;
    return client.patch<NodeObject>(REFS.nodes, undefined, name, 'strategic', {
      metadata: { labels: Object.fromEntries(missing) },
    });
  }
}

/** Without what changes all the time. */
function essence(status: k8s.NodeStatus): unknown {
  const conditions = (status.conditions ?? []).map((condition) => ({
    ...condition,
    lastHeartbeatTime: null,
  }));
  return { ...status, conditions };
}

/** Addresses are merged by type, of which there may be several: the list is replaced. */
function statusPatch(status: k8s.NodeStatus, advertised: Readonly<Record<string, string | null>>): object {
  const addresses = [...(status.addresses ?? []), { $patch: 'replace' }];
  return { status: { ...status, addresses, allocatable: { ...status.allocatable, ...advertised } } };
}
