import type { KubeObject, k8s } from '@sampan/api';
import { type EventRecorder, type Informer, REFS, Reconciler } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf, recorderOf } from '../controller.ts';
import { formatTime } from '../time.ts';
import type { Node, Pod } from '../workloads/objects.ts';
import { isReady, timeOf } from '../workloads/pod-state.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { again } from '../workloads/workload-shell.ts';
import { decideHealth, heartbeatOf, readyCondition } from './health.ts';
import { decideTaints, type Eviction, evictionTaint, hasEvictionTaint } from './taints.ts';
import { type Disruption, disruptionOf, EvictionLimiter, zoneOf } from './zones.ts';

const NAME = 'node-lifecycle-controller';
const LEASE_NAMESPACE = 'kube-node-lease';
/** Labels of old that say the same as today's. */
const OLD_LABELS = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
] as const;

interface Lease extends KubeObject {
  spec?: k8s.LeaseSpec;
}

/**
 * Finds nodes that are not heard of any more, and keeps pods away from nodes that are not well (upstream's node
 * life-cycle controller). Signs of life are the node's status and its Lease, judged by when they were seen here.
 */
export function startNodeLifecycle(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const leases = informerOf<Lease>(context, client, REFS.leases, { namespace: LEASE_NAMESPACE });
  const nodes = informers.of<Node>(REFS.nodes);
  const events = recorderOf(context, client, NAME);
  const controller = new NodeLifecycle(context, nodes, informers.of<Pod>(REFS.pods), events);
  const reconciler = new Reconciler({
    name: NAME,
    clock,
    log,
    reconcile: (name) => controller.reconcile(name),
  });
  /** Nodes that are given up, or might be. */
  const ill = new Set<string>();
  nodes.onChange(({ type, object, previous }) => {
    const name = object.metadata.name ?? '';
    if (type === 'deleted') controller.forget(name);
    else if (!previous || heartbeatOf(previous) !== heartbeatOf(object)) controller.heard(object);
    if (statusOf(previous) !== statusOf(object) || type === 'deleted') {
      controller.disruptionChanged();
      // whether nodes may be given up depends on how many others are well
      for (const other of ill) reconciler.enqueue(other);
    }
    if (type !== 'deleted' && isIll(object)) ill.add(name);
    else ill.delete(name);
    if (type !== 'deleted') reconciler.enqueue(name);
  });
  leases.onChange(({ type, object, previous }) => {
    const { name = '' } = object.metadata;
    const node = nodes.get('', name);
    if (type !== 'deleted' && node && previous?.spec?.renewTime !== object.spec?.renewTime)
      controller.heard(node);
  });
  leases.start();
  return {
    synced: Promise.all([informers.synced(), leases.synced()]).then(() => reconciler.start()),
    async stop() {
      leases.stop();
      await reconciler.stop();
      events.stop();
    },
  };
}

const statusOf = (node: Node | undefined): string | undefined =>
  node && `${zoneOf(node)} ${readyCondition(node)?.status}`;

const isIll = (node: Node): boolean => evictionTaint(node) !== undefined || hasEvictionTaint(node);

class NodeLifecycle {
  readonly #context: ControllerContext;
  readonly #client: ReturnType<ControllerContext['client']>;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #events: EventRecorder;
  readonly #limiter = new EvictionLimiter();
  /** When nodes were last heard of, in monotonic milliseconds. */
  readonly #heard = new Map<string, number>();
  #disruption: Disruption | undefined;

  constructor(context: ControllerContext, nodes: Informer<Node>, pods: Informer<Pod>, events: EventRecorder) {
    this.#context = context;
    this.#client = context.client(NAME);
    this.#nodes = nodes;
    this.#pods = pods;
    this.#events = events;
  }

  heard(node: Node): void {
    const { clock } = this.#context;
    const age = clock.now() - timeOf(node.metadata.creationTimestamp);
    // who never told anything was heard of when it was made
    const at = readyCondition(node) ? clock.monotonic() : clock.monotonic() - Math.max(0, age);
    this.#heard.set(node.metadata.name ?? '', at);
  }

  forget(name: string): void {
    this.#heard.delete(name);
  }

  disruptionChanged(): void {
    this.#disruption = undefined;
  }

  async reconcile(name: string): Promise<{ afterMs: number } | undefined> {
    const { clock } = this.#context;
    let node = this.#nodes.get('', name);
    if (!node) return undefined;
    const now = clock.now();
    const silentMs = clock.monotonic() - (this.#heard.get(name) ?? clock.monotonic());
    const isHosted = this.#context.isHosted?.(name) ?? false;
    const health = isHosted ? {} : decideHealth(node, silentMs, now);
    if (health.conditions) {
      const status = { ...node.status, conditions: health.conditions };
      node = await this.#client.update<Node>(REFS.nodes, { ...node, status }, { subresource: 'status' });
      const note = `Node ${name} status is now: NodeNotReady`;
      this.#events.record(node, { type: 'Normal', reason: 'NodeNotReady', note });
    }
    const { eviction, afterMs } = this.#evictionOf(node);
    const { taints, waits } = decideTaints(node, eviction, now);
    const labels = withOldLabels(node.metadata.labels ?? {});
    if (taints || labels) {
      const metadata = labels ? { ...node.metadata, labels } : node.metadata;
      const spec = taints ? { ...node.spec, taints } : node.spec;
      await this.#client.update(REFS.nodes, { ...node, metadata, spec });
    }
    if (readyCondition(node)?.status === 'Unknown') await this.#markPods(name, now);
    return again(health.afterMs, waits ? afterMs : undefined);
  }

  #evictionOf(node: Node): { eviction: Eviction; afterMs?: number } {
    if (!isIll(node)) return { eviction: 'yes' };
    this.#disruption ??= disruptionOf(this.#nodes.list());
    const { zones, everywhere } = this.#disruption;
    if (everywhere) return { eviction: 'take back' };
    if (evictionTaint(node) === undefined || hasEvictionTaint(node)) return { eviction: 'yes' };
    const zone = zoneOf(node);
    const wait = this.#limiter.take(zone, zones.get(zone)?.rate ?? 0, this.#context.clock.monotonic());
    if (wait === 0) return { eviction: 'yes' };
    return { eviction: 'not now', ...(wait === undefined ? {} : { afterMs: wait }) };
  }

  /** Services should not lead to pods of a node that is not heard of. */
  async #markPods(node: string, now: number): Promise<void> {
    for (const pod of this.#pods.byIndex('node', node)) {
      if (!isReady(pod)) continue;
      const { namespace, name = '', uid } = pod.metadata;
      const condition = { type: 'Ready', status: 'False', lastTransitionTime: formatTime(now) };
      const patch = { metadata: { uid }, status: { conditions: [condition] } };
      await this.#client
        .patch(REFS.pods, namespace, name, 'strategic', patch, { subresource: 'status' })
        .catch(ignore('NotFound', 'Conflict'));
      this.#events.record(pod, { type: 'Warning', reason: 'NodeNotReady', note: 'Node is not ready' });
    }
  }
}

/** Undefined when they are right. */
function withOldLabels(labels: Readonly<Record<string, string>>): Record<string, string> | undefined {
  let next: Record<string, string> | undefined;
  for (const [key, old] of OLD_LABELS) {
    const value = labels[key];
    if (value !== undefined && labels[old] !== value) next = { ...(next ?? labels), [old]: value };
  }
  return next;
}
