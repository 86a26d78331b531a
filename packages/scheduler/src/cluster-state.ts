import { ChangeLog } from './change-log.ts';
import { type NodeChange, NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { NamespaceLabels } from './pod-terms.ts';
import { ResourceNames } from './resources.ts';
import { Topology } from './topology.ts';
import type { Budget, Namespace, Node } from './types.ts';
import { VolumeCatalog } from './volume-catalog.ts';

/** More topology keys than any real cluster has; beyond, all are numbered anew. */
const MOST_TOPOLOGIES = 256;

/** The cluster as scheduling sees it: nodes with the pods that are on them or on their way there. */
export class ClusterState implements NamespaceLabels {
  readonly names = new ResourceNames();
  readonly log = new ChangeLog();
  readonly volumes = new VolumeCatalog();
  readonly budgets = new Map<string, Budget>();
  /** By slot; an empty one is a node that is gone. */
  readonly slots: (NodeInfo | undefined)[] = [];
  /** Pods on nodes that keep others away or draw them near. */
  readonly withTerms = new Map<PodInfo, number>();
  /** Pods on nodes by namespace, with their slots. */
  readonly byNamespace = new Map<string, Map<PodInfo, number>>();
  /** Nodes that have an image. */
  readonly imageNodes = new Map<string, number>();
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #free: number[] = [];
  readonly #namespaces = new Map<string, Readonly<Record<string, string>>>();
  readonly #topologies = new Map<string, Topology>();
  /** Labels that terms of pods on nodes speak of: only these make pods of one shape unequal. */
  readonly #selectedLabels = new Map<string, number>();
  #nodeCount = 0;
  #softTaints = 0;
  #generation = 0;
  #labelsVersion = 0;

  /** Grows when everything that was derived from this is void. */
  get generation(): number {
    return this.#generation;
  }

  /** Nodes that exist. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** There are taints that nodes would rather not have pods with. */
  get hasSoftTaints(): boolean {
    return this.#softTaints > 0;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  /** Names the class of a pod: pods of one class fare alike on all nodes. */
  classKey(pod: PodInfo): string {
    const own = pod.constraints.selectedLabels;
    if (own.size === 0 && this.#selectedLabels.size === 0) return pod.shape;
    const labels = Object.entries(pod.labels).filter(
      ([key]) => this.#selectedLabels.has(key) || own.has(key),
    );
    labels.sort(([a], [b]) => (a < b ? -1 : 1));
    return `${pod.shape}${this.#labelsVersion}${JSON.stringify(labels)}`;
  }

  putNode(object: Node): { node: NodeInfo; change: NodeChange; isNew: boolean } {
    const node = this.#ensure(object.metadata.name ?? '');
    const isNew = node.object === undefined;
    this.#countImages(node, -1);
    const soft = node.softTaints.length;
    const change = node.setObject(object, this.names);
    this.#countImages(node, 1);
    if (isNew) this.#nodeCount++;
    this.#softTaints += node.softTaints.length - soft;
    if (change.labels) for (const topology of this.#topologies.values()) topology.set(node.slot, node.labels);
    if (change.labels || change.taints) this.#changed(node, 'node');
    else if (change.amounts || change.images) this.#changed(node, 'room');
    return { node, change, isNew };
  }

  removeNode(name: string): void {
    const node = this.#nodes.get(name);
    if (!node?.object) return;
    this.#countImages(node, -1);
    this.#softTaints -= node.softTaints.length;
    node.setObject(undefined, this.names);
    this.#nodeCount--;
    for (const topology of this.#topologies.values()) topology.set(node.slot, undefined);
    this.#changed(node, 'node');
    this.#dropEmpty(node);
  }

  addPod(pod: PodInfo, nodeName: string): NodeInfo {
    const node = this.#ensure(nodeName);
    node.add(pod);
    this.byNamespace.getOrInsertComputed(pod.namespace, () => new Map()).set(pod, node.slot);
    if (pod.terms.any) {
      this.withTerms.set(pod, node.slot);
      this.#countSelected(pod, 1);
    }
    this.volumes.use(pod, 1);
    this.log.add({ slot: node.slot, kind: 'pod', pod, sign: 1 });
    return node;
  }

  removePod(pod: PodInfo, nodeName: string): NodeInfo | undefined {
    const node = this.#nodes.get(nodeName);
    if (!node?.pods.has(pod.uid)) return undefined;
    node.remove(pod);
    const others = this.byNamespace.get(pod.namespace);
    others?.delete(pod);
    if (others?.size === 0) this.byNamespace.delete(pod.namespace);
    if (this.withTerms.delete(pod)) this.#countSelected(pod, -1);
    this.volumes.use(pod, -1);
    this.log.add({ slot: node.slot, kind: 'pod', pod, sign: -1 });
    this.#dropEmpty(node);
    return node;
  }

  nominate(pod: PodInfo, nodeName: string): void {
    const node = this.#ensure(nodeName);
    node.nominated.set(pod.uid, pod);
    this.#changed(node, 'room');
  }

  denominate(pod: PodInfo, nodeName: string): void {
    const node = this.#nodes.get(nodeName);
    if (!node?.nominated.delete(pod.uid)) return;
    this.#changed(node, 'room');
    this.#dropEmpty(node);
  }

  putNamespace(namespace: Namespace): boolean {
    const { name = '', labels = {} } = namespace.metadata;
    const before = this.#namespaces.get(name);
    this.#namespaces.set(name, labels);
    const changed = JSON.stringify(before ?? {}) !== JSON.stringify(labels);
    // terms with namespace selectors are counted by the labels as they were
    if (changed && (this.withTerms.size > 0 || this.byNamespace.has(name))) this.#generation++;
    return changed;
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name);
  }

  labelsOf(namespace: string): Readonly<Record<string, string>> | undefined {
    return this.#namespaces.get(namespace);
  }

  topology(key: string): Topology {
    let topology = this.#topologies.get(key);
    if (topology) return topology;
    if (this.#topologies.size >= MOST_TOPOLOGIES) {
      this.#topologies.clear();
      this.#generation++;
    }
    topology = new Topology(key);
    for (const node of this.slots) if (node?.object) topology.set(node.slot, node.labels);
    this.#topologies.set(key, topology);
    return topology;
  }

  #ensure(name: string): NodeInfo {
    const present = this.#nodes.get(name);
    if (present) return present;
    const slot = this.#free.pop() ?? this.slots.length;
    const node = new NodeInfo(name, slot);
    this.slots[slot] = node;
    this.#nodes.set(name, node);
    return node;
  }

  /** Pods of a node that is gone stay counted until they are gone too: it may come back. */
  #dropEmpty(node: NodeInfo): void {
    if (node.object || node.pods.size > 0 || node.nominated.size > 0) return;
    this.#nodes.delete(node.name);
    this.slots[node.slot] = undefined;
    this.#free.push(node.slot);
    this.#changed(node, 'node');
  }

  #changed(node: NodeInfo, kind: 'room' | 'node'): void {
    this.log.add({ slot: node.slot, kind });
  }

  /** Which labels make pods unequal; how often they are named does not matter. */
  #countLabel(key: string, sign: 1 | -1): void {
    const before = this.#selectedLabels.size;
    count(this.#selectedLabels, key, sign);
    if (this.#selectedLabels.size !== before) this.#labelsVersion++;
  }

  #countImages(node: NodeInfo, sign: 1 | -1): void {
    for (const image of node.images.keys()) count(this.imageNodes, image, sign);
  }

  #countSelected(pod: PodInfo, sign: 1 | -1): void {
    for (const { selector } of pod.terms.all)
      for (const { key } of selector.requirements) this.#countLabel(key, sign);
  }
}

function count(counts: Map<string, number>, key: string, sign: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + sign;
  if (next <= 0) counts.delete(key);
  else counts.set(key, next);
}
