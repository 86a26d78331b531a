import type { k8s } from '@sampan/api';
import type { NetworkPolicy } from '../src/policy/objects.ts';

/** A pod as the model knows it. */
export interface ModelPod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ip: string;
  readonly ports: Readonly<Record<string, { protocol: string; number: number }>>;
}

export interface ModelPacket {
  readonly from: ModelPod;
  readonly to: ModelPod;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

type Labels = Readonly<Record<string, string>>;

/**
 * The reference of NetworkPolicy (networking.k8s.io/v1) word for word, for one packet, with nothing prepared: what
 * the rules in the kernel are compared with.
 */
export class PolicyModel {
  readonly policies: readonly NetworkPolicy[];
  readonly namespaces: ReadonlyMap<string, Labels>;

  constructor(policies: readonly NetworkPolicy[], namespaces: ReadonlyMap<string, Labels>) {
    this.policies = policies;
    this.namespaces = namespaces;
  }

  allows(packet: ModelPacket): boolean {
    if (packet.from === packet.to) return true;
    return this.#side('Egress', packet.from, packet) && this.#side('Ingress', packet.to, packet);
  }

  #side(type: 'Ingress' | 'Egress', subject: ModelPod, packet: ModelPacket): boolean {
    const selecting = this.policies.filter(
      ({ metadata, spec }) =>
        metadata.namespace === subject.namespace &&
        spec?.policyTypes?.includes(type) &&
        selects(spec.podSelector ?? {}, subject.labels),
    );
    if (selecting.length === 0) return true;
    return selecting.some(({ spec, metadata }) => {
      const rules =
        type === 'Ingress'
          ? (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
          : (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
      const peer = type === 'Ingress' ? packet.from : packet.to;
      return rules.some(
        ({ peers, ports }) =>
          (!peers?.length || peers.some((each) => this.#isPeer(each, metadata.namespace ?? '', peer))) &&
          (!ports?.length || ports.some((port) => isPort(port, packet))),
      );
    });
  }

  #isPeer(
    { podSelector, namespaceSelector, ipBlock }: k8s.NetworkPolicyPeer,
    own: string,
    pod: ModelPod,
  ): boolean {
    if (ipBlock)
      return inBlock(pod.ip, ipBlock.cidr) && !ipBlock.except?.some((hole) => inBlock(pod.ip, hole));
    const isNamespace = namespaceSelector
      ? selects(namespaceSelector, this.namespaces.get(pod.namespace) ?? {})
      : pod.namespace === own;
    return isNamespace && (!podSelector || selects(podSelector, pod.labels));
  }
}

function isPort({ port, endPort, protocol = 'TCP' }: k8s.NetworkPolicyPort, packet: ModelPacket): boolean {
  if (protocol !== packet.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'number') return port <= packet.port && packet.port <= (endPort ?? port);
  const named = packet.to.ports[port];
  return named?.protocol === protocol && named.number === packet.port;
}

function selects({ matchLabels = {}, matchExpressions = [] }: k8s.LabelSelector, labels: Labels): boolean {
  for (const [key, value] of Object.entries(matchLabels)) if (labels[key] !== value) return false;
  return matchExpressions.every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const isIn = value !== undefined && (values ?? []).includes(value);
    return operator === 'In' ? isIn : !isIn;
  });
}

const bits = (ip: string): string =>
  ip
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');

function inBlock(ip: string, cidr: string): boolean {
  const [network = '', length = '32'] = cidr.split('/');
  return bits(ip).startsWith(bits(network).slice(0, Number(length)));
}
