import type { k8s } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { type HostPort, hostPortsOf } from './host-ports.ts';
import { type InlineDisk, inlineDisksOf } from './inline-disks.ts';
import { NodeMatcher, NodeTerm } from './node-selector.ts';
import { type PodTerms, podTermsOf } from './pod-terms.ts';
import { podAmounts, type ResourceNames } from './resources.ts';
import { type SpreadConstraint, spreadOf } from './spread-constraints.ts';
import type { Pod } from './types.ts';

/** A label of a node that it prefers to have, and how much. */
export interface PreferredNode {
  readonly weight: number;
  readonly term: NodeTerm;
}

/**
 * What scheduling needs of a pod, read and compiled once. Immutable but for what is computed when it is first asked
 * for: most pods in a cluster are only counted.
 */
export class PodInfo {
  /** `NAMESPACE/NAME`. */
  readonly key: string;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly createdAt: number;
  /** By place, see ResourceNames; only for what is asked for. */
  readonly requests: readonly number[];
  readonly scoredCpu: number;
  readonly scoredMemory: number;
  readonly ports: readonly HostPort[];
  readonly terms: PodTerms;
  /** The uid of its first owner; what upstream spreads by. */
  readonly ownerUid: string | undefined;
  /** Names of its claims, generated ones of ephemeral volumes included. */
  readonly claims: readonly string[];
  readonly disks: readonly InlineDisk[];
  /** The node that preemption makes room on for it, as its status says. */
  readonly nominatedNode: string | undefined;
  #pod: Pod;
  #constraints: Constraints | undefined;
  #shape: string | undefined;

  constructor(pod: Pod, names: ResourceNames) {
    const { metadata, spec = {}, status } = pod;
    this.#pod = pod;
    this.namespace = metadata.namespace ?? '';
    this.name = metadata.name ?? '';
    this.key = `${this.namespace}/${this.name}`;
    this.uid = metadata.uid ?? this.key;
    this.labels = metadata.labels ?? {};
    this.priority = spec.priority ?? 0;
    this.createdAt = metadata.creationTimestamp ? Date.parse(metadata.creationTimestamp) : 0;
    const { requests, scoredCpu, scoredMemory } = podAmounts(names, spec, status);
    this.requests = requests;
    this.scoredCpu = scoredCpu;
    this.scoredMemory = scoredMemory;
    this.ports = hostPortsOf(spec);
    this.terms = podTermsOf(spec, this.namespace);
    this.ownerUid = metadata.ownerReferences?.[0]?.uid;
    this.claims = claimsOf(spec, this.name);
    this.disks = inlineDisksOf(spec);
    this.nominatedNode = status?.nominatedNodeName || undefined;
  }

  /** The pod as it was last seen. */
  get pod(): Pod {
    return this.#pod;
  }

  /** Takes a newer state of the pod that means the same to scheduling. */
  adopt(pod: Pod): void {
    this.#pod = pod;
  }

  get spec(): k8s.PodSpec {
    return this.pod.spec ?? {};
  }

  /** It is on its way out: a victim of preemption that waits, or simply deleted. */
  get isTerminating(): boolean {
    return this.pod.metadata.deletionTimestamp !== undefined;
  }

  /** What it asks of nodes. */
  get constraints(): Constraints {
    this.#constraints ??= new Constraints(this);
    return this.#constraints;
  }

  /** Equal for pods that all nodes treat alike, but for labels that selectors of others may name. */
  get shape(): string {
    this.#shape ??= this.#shapeText();
    return this.#shape;
  }

  /** Does another state of this pod mean the same to the node it is on and to other pods? */
  isLike(other: PodInfo): boolean {
    return (
      this.uid === other.uid &&
      this.isTerminating === other.isTerminating &&
      this.scoredCpu === other.scoredCpu &&
      this.scoredMemory === other.scoredMemory &&
      sameNumbers(this.requests, other.requests) &&
      deepEqual(this.labels, other.labels)
    );
  }

  #shapeText(): string {
    const { spec } = this;
    return JSON.stringify([
      this.namespace,
      this.priority,
      this.requests,
      this.scoredCpu,
      this.scoredMemory,
      this.ports,
      this.disks,
      spec.nodeSelector,
      spec.affinity,
      spec.tolerations,
      spec.topologySpreadConstraints,
      (spec.containers ?? []).map(({ image }) => image),
      this.constraints.isSpreadByDefault ? this.ownerUid : undefined,
    ]);
  }
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function claimsOf(spec: k8s.PodSpec, name: string): string[] {
  return (spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim) return [volume.persistentVolumeClaim.claimName];
    return volume.ephemeral ? [`${name}-${volume.name}`] : [];
  });
}

/** What a pod asks of nodes, compiled; only for pods that wait. */
export class Constraints {
  readonly #selector: readonly (readonly [string, string])[];
  readonly #affinity: NodeMatcher | undefined;
  readonly preferredNodes: readonly PreferredNode[];
  readonly tolerations: readonly k8s.Toleration[];
  /** Tolerations that say something of PreferNoSchedule. */
  readonly preferTolerations: readonly k8s.Toleration[];
  readonly spread: readonly SpreadConstraint[];
  readonly isSpreadByDefault: boolean;
  readonly images: readonly string[];
  readonly containers: number;
  /** The only nodes that can match (DaemonSets name theirs). */
  readonly onlyNodes: ReadonlySet<string> | undefined;
  /** More than nodes can be judged by in reasonable time: every one is looked at for every node or pod. */
  readonly isTooComplex: boolean;
  /** Labels that its own selectors speak of. */
  readonly selectedLabels: ReadonlySet<string>;

  constructor(info: PodInfo) {
    const { spec } = info;
    const { nodeAffinity } = spec.affinity ?? {};
    this.#selector = Object.entries(spec.nodeSelector ?? {});
    const required = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    this.#affinity = required && new NodeMatcher(required);
    this.preferredNodes = (nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ weight, preference }) => ({ weight, term: new NodeTerm(preference) }),
    );
    this.tolerations = spec.tolerations ?? [];
    this.preferTolerations = this.tolerations.filter(
      ({ effect }) => !effect || effect === 'PreferNoSchedule',
    );
    const owner = info.pod.metadata.ownerReferences?.[0];
    const { constraints, isDefault } = spreadOf(spec, info.pod.metadata.labels, owner);
    this.spread = constraints;
    this.isSpreadByDefault = isDefault && constraints.length > 0;
    const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
    this.images = containers.flatMap(({ image }) => (image ? [normalizedImage(image)] : []));
    this.containers = containers.length;
    this.onlyNodes = this.#affinity?.names;
    this.isTooComplex = conditionsOf(spec) > MOST_CONDITIONS;
    this.selectedLabels = new Set(
      [...info.terms.all, ...constraints].flatMap(({ selector }) =>
        selector.requirements.map(({ key }) => key),
      ),
    );
  }

  matchesNode(labels: Readonly<Record<string, string>>, name: string): boolean {
    for (const [key, value] of this.#selector)
      if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
    return this.#affinity === undefined || this.#affinity.matches(labels, name);
  }
}

/** No real pod comes near. */
export const MOST_CONDITIONS = 1000;

/** How many terms, requirements (and tens of values), constraints and tolerations nodes are to be judged by. */
function conditionsOf({
  affinity = {},
  tolerations = [],
  topologySpreadConstraints = [],
}: k8s.PodSpec): number {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  const nodeTerms = [
    ...(nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []),
    ...(nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ preference }) => preference,
    ),
  ];
  const selectors = [
    ...[podAffinity, podAntiAffinity].flatMap((kind) => [
      ...(kind?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(kind?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.podAffinityTerm),
    ]),
    ...topologySpreadConstraints,
  ];
  let count = tolerations.length;
  for (const { matchExpressions = [], matchFields = [] } of nodeTerms)
    count += 1 + weigh(matchExpressions) + weigh(matchFields);
  for (const { labelSelector = {} } of selectors)
    count +=
      1 + weigh(labelSelector.matchExpressions ?? []) + Object.keys(labelSelector.matchLabels ?? {}).length;
  return count;
}

/** Values are compared fast, but one by one. */
const weigh = (requirements: readonly { readonly values?: readonly string[] }[]): number =>
  requirements.reduce((sum, { values = [] }) => sum + 1 + values.length / 10, 0);

/** With `:latest` where neither tag nor digest is named (imagelocality's normalizedImageName). */
export function normalizedImage(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name;
}
