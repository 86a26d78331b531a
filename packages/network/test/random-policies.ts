import type { k8s } from '@sampan/api';
import type { NetworkPolicy } from '../src/policy/objects.ts';

/** A generator of the same numbers for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Vocabulary {
  readonly namespaces: readonly string[];
  readonly podLabels: readonly (readonly [string, string])[];
  readonly namespaceLabels: readonly (readonly [string, string])[];
  readonly blocks: readonly { readonly cidr: string; readonly except?: readonly string[] }[];
  readonly ports: readonly k8s.NetworkPolicyPort[];
}

/** Policies that use all there is, small enough that both answers come up often. */
export function randomPolicies(random: () => number, words: Vocabulary): NetworkPolicy[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const some = <T>(make: () => T, most: number): T[] =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, make);
  const selector = (labels: readonly (readonly [string, string])[]): k8s.LabelSelector => {
    const [key, value] = pick(labels);
    const kind = random();
    if (kind < 0.25) return {};
    if (kind < 0.6) return { matchLabels: { [key]: value } };
    const operator = pick(['In', 'NotIn', 'Exists', 'DoesNotExist']);
    const values = operator.endsWith('In') ? { values: [value] } : {};
    return { matchExpressions: [{ key, operator, ...values }] };
  };
  const peer = (): k8s.NetworkPolicyPeer => {
    const kind = random();
    if (kind < 0.3) {
      const { cidr, except } = pick(words.blocks);
      return { ipBlock: { cidr, ...(except ? { except: [...except] } : {}) } };
    }
    if (kind < 0.55) return { podSelector: selector(words.podLabels) };
    if (kind < 0.8) return { namespaceSelector: selector(words.namespaceLabels) };
    return { podSelector: selector(words.podLabels), namespaceSelector: selector(words.namespaceLabels) };
  };
  const ports = () => some(() => pick(words.ports), 2);
  return Array.from({ length: 1 + Math.floor(random() * 4) }, (_, i) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `p${i}`, namespace: pick(words.namespaces) },
    spec: {
      podSelector: selector(words.podLabels),
      policyTypes: pick([['Ingress'], ['Egress'], ['Ingress', 'Egress']]),
      ingress: some(() => ({ from: some(peer, 2), ports: ports() }), 2),
      egress: some(() => ({ to: some(peer, 2), ports: ports() }), 2),
    },
  }));
}
