import { createHash } from 'node:crypto';
import { compileLabelSelector, type k8s } from '@sampan/api';
import type { TableBuilder } from '../nft/table.ts';
import { rangeText } from '../ranges.ts';
import type { Namespace, NetworkPolicy, PolicyPod } from './objects.ts';
import { PeerIndex, type Peers } from './policy-peers.ts';
import { numericPort, portElements, portOn } from './policy-ports.ts';

export interface PolicyState {
  readonly policies: readonly NetworkPolicy[];
  readonly pods: readonly PolicyPod[];
  /** What rules may name as if they were pods, such as cluster DNS; never isolated themselves. */
  readonly others?: readonly PolicyPod[];
  readonly namespaces: Iterable<Namespace>;
}

export interface PolicyAddresses {
  readonly podRange: string;
  /** Of the node: what comes from it is never held back (Kubernetes docs "Network Policies": probes). */
  readonly nodeSources: readonly string[];
}

type Direction = 'ingress' | 'egress';
/** The side of a packet that the peer is on. */
const PEER_SIDE = { ingress: 'saddr', egress: 'daddr' } as const;

/**
 * Adds the chain `policies`, which drops what NetworkPolicies (networking.k8s.io/v1) do not allow; it belongs into
 * the forward hook. Every packet from the side that opened a connection is looked at, so that a new policy also
 * ends connections that it forbids. As soon as there is a policy, addresses of pods that are not known yet are
 * closed. Pure.
 */
export function addPolicies(table: TableBuilder, state: PolicyState, addresses: PolicyAddresses): void {
  if (state.policies.length === 0) {
    table.chain('policies', []);
    return;
  }
  const rules = new PolicyRules(table, state);
  const type = 'type ipv4_addr : verdict';
  table.map('isolated-ingress', type, rules.isolated('ingress'));
  table.map('isolated-egress', type, rules.isolated('egress'));
  table.set('known-pods', 'type ipv4_addr', new Set(state.pods.map(({ ip }) => ip)));
  table.set('node-sources', 'type ipv4_addr', new Set(addresses.nodeSources));
  table.chain('policies', [
    'ct state established ct direction reply accept',
    'ct state related accept',
    // a pod cannot keep itself out
    'ip saddr . ip daddr @hairpin accept',
    'ip saddr != @node-sources jump policies-egress',
    'ip saddr != @node-sources jump policies-ingress',
  ]);
  const unknown = (side: 'saddr' | 'daddr') =>
    `ip ${side} ${addresses.podRange} ip ${side} != @known-pods drop`;
  table.chain('policies-egress', [unknown('saddr'), 'ip saddr vmap @isolated-egress']);
  table.chain('policies-ingress', [unknown('daddr'), 'ip daddr vmap @isolated-ingress']);
}

/** Which directions a policy is about (NetworkPolicySpec.policyTypes). */
export function policyTypes({ policyTypes, egress = [] }: k8s.NetworkPolicySpec): readonly string[] {
  if (policyTypes && policyTypes.length > 0) return policyTypes;
  return egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

class PolicyRules {
  readonly #table: TableBuilder;
  readonly #policies: readonly NetworkPolicy[];
  readonly #index: PeerIndex;
  readonly #others: ReadonlySet<PolicyPod>;

  constructor(table: TableBuilder, { policies, pods, namespaces, others = [] }: PolicyState) {
    this.#table = table;
    this.#policies = [...policies].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    this.#index = new PeerIndex([...pods, ...others], namespaces);
    this.#others = new Set(others);
  }

  /** The address of each pod that a policy isolates, to the verdict that judges its packets. */
  isolated(direction: Direction): Map<string, string> {
    const verdicts = new Map<string, string>();
    const chains = new Map<string, string>();
    for (const [pod, policies] of this.#selections(direction)) {
      const key = JSON.stringify([
        policies.map(idOf),
        direction === 'ingress' ? this.#named(pod, policies) : [],
      ]);
      const chain = chains.getOrInsertComputed(key, () => this.#addChain(direction, policies, pod));
      verdicts.set(pod.ip, `jump ${chain}`);
    }
    return verdicts;
  }

  #selections(direction: Direction): Map<PolicyPod, NetworkPolicy[]> {
    const type = direction === 'ingress' ? 'Ingress' : 'Egress';
    const selections = new Map<PolicyPod, NetworkPolicy[]>();
    for (const policy of this.#policies) {
      if (!policy.spec || !policyTypes(policy.spec).includes(type)) continue;
      const matcher = compileLabelSelector(policy.spec.podSelector ?? {});
      for (const pod of this.#index.inNamespace(policy.metadata.namespace ?? ''))
        if (!this.#others.has(pod) && matcher.matches(pod.labels))
          selections.getOrInsertComputed(pod, () => []).push(policy);
    }
    return selections;
  }

  /** What named ports of the policies mean on this pod: pods that differ in it need chains of their own. */
  #named(pod: PolicyPod, policies: readonly NetworkPolicy[]): unknown[] {
    const ports = policies.flatMap(({ spec }) => (spec?.ingress ?? []).flatMap((rule) => rule.ports ?? []));
    return ports.filter(({ port }) => typeof port === 'string').map((port) => portOn(pod, port)?.range[0]);
  }

  /** A chain that returns for what is allowed and drops the rest. */
  #addChain(direction: Direction, policies: readonly NetworkPolicy[], pod: PolicyPod): string {
    const rules = [...new Set(policies.flatMap((policy) => this.#rules(direction, policy, pod))), 'drop'];
    const name = `${direction}/${digest(rules)}`;
    if (!this.#table.hasChain(name)) this.#table.chain(name, rules);
    return name;
  }

  #rules(direction: Direction, { spec = {}, metadata }: NetworkPolicy, pod: PolicyPod): string[] {
    const namespace = metadata.namespace ?? '';
    if (direction === 'ingress')
      return (spec.ingress ?? []).flatMap(({ from, ports = [] }) => {
        const peers = this.#index.peersOf(from, namespace);
        const texts = portElements(
          ports.map((port) => portOn(pod, port)).filter((port) => port !== undefined),
        );
        return this.#matches(direction, peers, ports.length > 0 ? texts : undefined);
      });
    return (spec.egress ?? []).flatMap(({ to, ports = [] }) => {
      const peers = this.#index.peersOf(to, namespace);
      const texts = portElements(ports.map(numericPort).filter((port) => port !== undefined));
      return [
        ...this.#matches(direction, peers, ports.length > 0 ? texts : undefined),
        ...this.#namedEgress(peers, ports),
      ];
    });
  }

  /** `ports` undefined: all. */
  #matches(direction: Direction, peers: Peers | undefined, ports: readonly string[] | undefined): string[] {
    if (ports?.length === 0) return [];
    const side = PEER_SIDE[direction];
    const portMatch =
      ports === undefined
        ? ''
        : `meta l4proto . th dport @${this.#set('ports', 'type inet_proto . inet_service; flags interval', ports)} `;
    if (!peers) return [`${portMatch}return`];
    const sets: string[] = [];
    if (peers.pods.length > 0)
      sets.push(
        this.#set(
          'pods',
          'type ipv4_addr',
          peers.pods.map(({ ip }) => ip),
        ),
      );
    if (peers.ranges.length > 0)
      sets.push(this.#set('block', 'type ipv4_addr; flags interval', peers.ranges.map(rangeText)));
    return sets.map((set) => `ip ${side} @${set} ${portMatch}return`);
  }

  /** A named port towards others is whatever number each of them has under that name. */
  #namedEgress(peers: Peers | undefined, ports: readonly k8s.NetworkPolicyPort[]): string[] {
    const named = ports.filter(({ port }) => typeof port === 'string');
    if (named.length === 0) return [];
    const elements = this.#index
      .podsIn(peers)
      .flatMap((pod) =>
        portElements(named.map((port) => portOn(pod, port)).filter((port) => port !== undefined)).map(
          (text) => `${pod.ip} . ${text}`,
        ),
      );
    if (elements.length === 0) return [];
    const set = this.#set('named', 'type ipv4_addr . inet_proto . inet_service', elements);
    return [`ip daddr . meta l4proto . th dport @${set} return`];
  }

  /** Equal sets are one. */
  #set(kind: string, declaration: string, elements: readonly string[]): string {
    const sorted = [...new Set(elements)].sort();
    const name = `${kind}/${digest(sorted)}`;
    if (!this.#table.hasSet(name)) this.#table.set(name, declaration, sorted);
    return name;
  }
}

const idOf = ({ metadata }: NetworkPolicy): string => `${metadata.namespace}/${metadata.name}`;
const digest = (texts: readonly string[]): string =>
  createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16);
