import type { ClusterNetwork } from '../cluster/addresses.ts';
import { type PolicyPod, portKey } from '../policy/objects.ts';
import { type EndpointSlice, SERVICE_NAME, type Service } from '../services/objects.ts';

export const DNS_PORT = 53;
const NAMESPACE = 'kube-system';
const NAME = 'kube-dns';
const LABELS = { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'KubeDNS' };
const PORTS = [
  { name: 'dns', port: DNS_PORT, protocol: 'UDP' },
  { name: 'dns-tcp', port: DNS_PORT, protocol: 'TCP' },
];

/** The Service that everybody expects cluster DNS behind, and its endpoint on the machine: create both. Pure. */
export function dnsService(
  network: ClusterNetwork,
  clusterIP: string,
): { readonly service: Service; readonly slice: EndpointSlice } {
  const metadata = { namespace: NAMESPACE, name: NAME, labels: LABELS };
  return {
    service: { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP, ports: PORTS } },
    slice: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { ...LABELS, [SERVICE_NAME]: NAME } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [network.link.host], conditions: { ready: true } }],
      ports: PORTS,
    },
  };
}

/** Policies that allow DNS name its pods, which elsewhere run it. */
export const dnsPeer = ({ link }: ClusterNetwork): PolicyPod => ({
  namespace: NAMESPACE,
  name: `${NAMESPACE}/${NAME}`,
  labels: LABELS,
  ip: link.host,
  ports: new Map([
    [portKey('dns', 'udp'), DNS_PORT],
    [portKey('dns-tcp', 'tcp'), DNS_PORT],
  ]),
});
