import { isIPv4 } from 'node:net';
import type { KubeObject, k8s } from '@sampan/api';
import { nameOf, type Pod, type Protocol, protocolOf } from '../services/objects.ts';

export interface NetworkPolicy extends KubeObject {
  readonly spec?: k8s.NetworkPolicySpec;
}

export type Namespace = KubeObject;
export type Labels = Readonly<Record<string, string>>;

/** A pod as policies see it. */
export interface PolicyPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ip: string;
  /** Named ports of its containers: name and protocol to number. */
  readonly ports: ReadonlyMap<string, number>;
}

export const portKey = (name: string, protocol: Protocol): string => `${protocol}/${name}`;

/**
 * undefined for pods that policies do not concern: those without an address, of the host's network, or at an end
 * (their address may be another's by now). `ip`: known before the status says so.
 */
export function policyPodOf(pod: Pod, ip = pod.status?.podIP): PolicyPod | undefined {
  const { spec, status, metadata } = pod;
  if (!spec || spec.hostNetwork || ip === undefined || !isIPv4(ip)) return undefined;
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined;
  const ports = new Map<string, number>();
  // sidecars are init containers; the ports of others do no harm
  for (const { name, containerPort, protocol: text } of [
    ...(spec.containers ?? []),
    ...(spec.initContainers ?? []),
  ].flatMap((container) => container.ports ?? [])) {
    const protocol = protocolOf(text);
    if (name && protocol) ports.getOrInsert(portKey(name, protocol), containerPort);
  }
  return {
    namespace: metadata.namespace ?? '',
    name: nameOf(pod),
    labels: metadata.labels ?? {},
    ip,
    ports,
  };
}
