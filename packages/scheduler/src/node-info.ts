import type { k8s } from '@sampan/api';
import { TakenPorts } from './host-ports.ts';
import { normalizedImage, type PodInfo } from './pod-info.ts';
import type { ResourceNames } from './resources.ts';
import type { Node } from './types.ts';

const NO_LABELS: Readonly<Record<string, string>> = {};

/** A node and what is on it. One without an object is known only by its pods: nothing is put there. */
export class NodeInfo {
  readonly name: string;
  /** Its place in all per-node arrays; taken again when the node is gone. */
  readonly slot: number;
  readonly pods = new Map<string, PodInfo>();
  /** Pods that room was made for and that are not here yet. */
  readonly nominated = new Map<string, PodInfo>();
  readonly ports = new TakenPorts();
  object: Node | undefined;
  labels = NO_LABELS;
  /** NoSchedule and NoExecute. */
  taints: readonly k8s.Taint[] = [];
  /** PreferNoSchedule. */
  softTaints: readonly k8s.Taint[] = [];
  unschedulable = false;
  allocatable: readonly number[] = [];
  podLimit = 0;
  /** Image name → bytes. */
  images: ReadonlyMap<string, number> = new Map();
  requested: number[] = [0, 0, 0];
  scoredCpu = 0;
  scoredMemory = 0;

  constructor(name: string, slot: number) {
    this.name = name;
    this.slot = slot;
  }

  /** Takes the node's new state; says what of it matters to pods changed. */
  setObject(node: Node | undefined, names: ResourceNames): NodeChange {
    const before = this.object;
    this.object = node;
    const labels = node?.metadata.labels ?? NO_LABELS;
    const taints = node?.spec?.taints ?? [];
    const { status } = node ?? {};
    const change = {
      labels: !before || !node || !sameMap(this.labels, labels),
      taints:
        !before ||
        !node ||
        !sameTaints(before.spec?.taints ?? [], taints) ||
        (before.spec?.unschedulable ?? false) !== (node.spec?.unschedulable ?? false),
      amounts: !before || !node || !sameMap(before.status?.allocatable, status?.allocatable),
      images: before?.status?.images !== status?.images && imagesText(before) !== imagesText(node),
    };
    if (change.labels) this.labels = labels;
    if (change.taints) {
      this.taints = taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
      this.softTaints = taints.filter(({ effect }) => effect === 'PreferNoSchedule');
      this.unschedulable = node?.spec?.unschedulable ?? false;
    }
    if (change.amounts) {
      this.allocatable = names.vector(status?.allocatable);
      this.podLimit = Number(status?.allocatable?.pods ?? 0);
    }
    if (change.images) this.images = imagesOf(status);
    return change;
  }

  add(pod: PodInfo): void {
    this.pods.set(pod.uid, pod);
    this.#count(pod, 1);
    for (const port of pod.ports) this.ports.add(port);
  }

  remove(pod: PodInfo): void {
    this.pods.delete(pod.uid);
    this.#count(pod, -1);
    for (const port of pod.ports) this.ports.remove(port);
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    const { requests } = pod;
    for (let i = 0; i < requests.length; i++)
      this.requested[i] = (this.requested[i] ?? 0) + sign * (requests[i] ?? 0);
    this.scoredCpu += sign * pod.scoredCpu;
    this.scoredMemory += sign * pod.scoredMemory;
  }

  /** A copy for trying what removing pods would do. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.name, this.slot);
    copy.object = this.object;
    copy.labels = this.labels;
    copy.taints = this.taints;
    copy.softTaints = this.softTaints;
    copy.unschedulable = this.unschedulable;
    copy.allocatable = this.allocatable;
    copy.podLimit = this.podLimit;
    copy.images = this.images;
    for (const pod of this.pods.values()) copy.add(pod);
    for (const [uid, pod] of this.nominated) copy.nominated.set(uid, pod);
    return copy;
  }
}

/** What changed on a node. */
export interface NodeChange {
  readonly labels: boolean;
  readonly taints: boolean;
  readonly amounts: boolean;
  readonly images: boolean;
}

function sameMap(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>> | undefined,
): boolean {
  if (a === b) return true;
  const left = Object.entries(a ?? {});
  return (
    left.length === Object.keys(b ?? {}).length &&
    left.every(([key, value]) => b !== undefined && Object.hasOwn(b, key) && b[key] === value)
  );
}

function sameTaints(a: readonly k8s.Taint[], b: readonly k8s.Taint[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ key, value = '', effect }, i) => {
      const other = b[i];
      return key === other?.key && value === (other.value ?? '') && effect === other.effect;
    })
  );
}

const imagesText = (node: Node | undefined): string => JSON.stringify(node?.status?.images ?? []);

function imagesOf(status: k8s.NodeStatus | undefined): Map<string, number> {
  const images = new Map<string, number>();
  for (const { names, sizeBytes } of status?.images ?? [])
    for (const name of names ?? []) images.set(normalizedImage(name), sizeBytes ?? 0);
  return images;
}
