import { compileLabelSelector, type k8s } from '@sampan/api';
import { contains, ipNumberOf, mergeRanges, type Range, rangeOf, withoutRanges } from '../ranges.ts';
import type { Labels, Namespace, PolicyPod } from './objects.ts';

/** The other side of a rule. */
export interface Peers {
  readonly pods: readonly PolicyPod[];
  /** Of ipBlocks: sorted, without overlaps. */
  readonly ranges: readonly Range[];
}

/** Finds pods for peers of policies. Built once for a state. */
export class PeerIndex {
  readonly #byNamespace = new Map<string, PolicyPod[]>();
  readonly #labels = new Map<string, Labels>();
  readonly pods: readonly PolicyPod[];

  constructor(pods: readonly PolicyPod[], namespaces: Iterable<Namespace>) {
    this.pods = pods;
    for (const pod of pods) this.#byNamespace.getOrInsertComputed(pod.namespace, () => []).push(pod);
    for (const { metadata } of namespaces) this.#labels.set(metadata.name ?? '', metadata.labels ?? {});
  }

  inNamespace(namespace: string): readonly PolicyPod[] {
    return this.#byNamespace.get(namespace) ?? [];
  }

  /** undefined: anybody. `namespace` is the policy's (NetworkPolicyPeer: absent means the policy's own). */
  peersOf(peers: readonly k8s.NetworkPolicyPeer[] | undefined, namespace: string): Peers | undefined {
    if (!peers || peers.length === 0) return undefined;
    const pods = new Set<PolicyPod>();
    const ranges: Range[] = [];
    for (const peer of peers) {
      if (peer.ipBlock) ranges.push(...blockRanges(peer.ipBlock));
      else for (const pod of this.#selected(peer, namespace)) pods.add(pod);
    }
    return { pods: [...pods], ranges: mergeRanges(ranges) };
  }

  /** Pods that `peers` mean, those in its ranges included. */
  podsIn(peers: Peers | undefined): readonly PolicyPod[] {
    if (!peers) return this.pods;
    const chosen = new Set(peers.pods);
    return this.pods.filter((pod) => chosen.has(pod) || contains(peers.ranges, ipNumberOf(pod.ip)));
  }

  #selected({ podSelector, namespaceSelector }: k8s.NetworkPolicyPeer, namespace: string): PolicyPod[] {
    const matchesPod = podSelector && compileLabelSelector(podSelector);
    const candidates = namespaceSelector
      ? this.#namespaces(namespaceSelector).flatMap((name) => this.inNamespace(name))
      : this.inNamespace(namespace);
    return candidates.filter(({ labels }) => matchesPod?.matches(labels) ?? true);
  }

  #namespaces(selector: k8s.LabelSelector): string[] {
    const matcher = compileLabelSelector(selector);
    return [...this.#labels].filter(([, labels]) => matcher.matches(labels)).map(([name]) => name);
  }
}

function blockRanges({ cidr, except = [] }: k8s.IPBlock): Range[] {
  const range = rangeOf(cidr);
  const holes = except.map((hole) => rangeOf(hole)).filter((hole) => hole !== undefined);
  return range ? withoutRanges(range, holes) : [];
}
