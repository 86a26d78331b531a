import type { k8s } from '@sampan/api';
import { isIPv6 } from '@sampan/api';
import type { Pod } from '../workloads/objects.ts';
import { isReady } from '../workloads/pod-state.ts';
import { isHeadless, type Service } from './objects.ts';
import { addressesOfFamily, findPort, hostnameOf, mayBeEndpoint, podReference } from './pod-endpoint.ts';

/** More addresses than this are cut off (upstream's maxCapacity). */
export const MOST_ADDRESSES = 1000;
const UNREADY_TOO = 'service.alpha.kubernetes.io/tolerate-unready-endpoints';

type Port = k8s.CoreV1EndpointPort;
type Address = k8s.EndpointAddress;

interface Entry {
  readonly address: Address;
  readonly ready: boolean;
  readonly ports: readonly Port[];
}

/** The subsets of a Service's Endpoints, in a stable order (upstream's endpoint controller, RepackSubsets). Pure. */
export function subsetsOf(service: Service, pods: Iterable<Pod>): k8s.EndpointSubset[] {
  const unreadyToo = toleratesUnready(service);
  const family = service.spec.ipFamilies?.[0] ?? (isIPv6(service.spec.clusterIP ?? '') ? 'IPv6' : 'IPv4');
  const entries: Entry[] = [];
  for (const pod of pods) {
    if (!mayBeEndpoint(pod, unreadyToo)) continue;
    const [ip] = addressesOfFamily(pod, family);
    if (ip === undefined) continue;
    const ports = portsOf(service, pod);
    const portless = (service.spec.ports ?? []).length === 0 && isHeadless(service);
    if (ports.length === 0 && !portless) continue;
    entries.push({ address: addressOf(service, pod, ip), ready: unreadyToo || isReady(pod), ports });
  }
  return pack(entries);
}

function toleratesUnready({ metadata, spec }: Service): boolean {
  const text = metadata.annotations?.[UNREADY_TOO];
  if (text === 'true' || text === 'false') return text === 'true';
  return spec.publishNotReadyAddresses === true;
}

function addressOf(service: Service, pod: Pod, ip: string): Address {
  const hostname = hostnameOf(pod, service);
  const { nodeName } = pod.spec;
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: podReference(pod),
  };
}

function portsOf(service: Service, pod: Pod): Port[] {
  return (service.spec.ports ?? []).flatMap((servicePort) => {
    const port = findPort(pod, servicePort);
    if (port === undefined) return [];
    const { name, protocol = 'TCP', appProtocol } = servicePort;
    return [{ ...(name ? { name } : {}), port, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Ports that lead to the very same addresses share a subset (upstream's RepackSubsets). */
function pack(entries: readonly Entry[]): k8s.EndpointSubset[] {
  const byPort = new Map<string, { port: Port | undefined; entries: Entry[] }>();
  for (const entry of entries) {
    for (const port of entry.ports.length > 0 ? entry.ports : [undefined])
      byPort
        .getOrInsertComputed(JSON.stringify(port ?? null), () => ({ port, entries: [] }))
        .entries.push(entry);
  }
  const byAddresses = new Map<string, { ports: Port[]; entries: Entry[] }>();
  for (const { port, entries: same } of byPort.values()) {
    const key = same
      .map(({ address }) => `${address.ip} ${uidOf(address)}`)
      .sort()
      .join();
    const group = byAddresses.getOrInsertComputed(key, () => ({ ports: [], entries: same }));
    if (port) group.ports.push(port);
  }
  return [...byAddresses]
    .sort(([a], [b]) => compare(a, b))
    .map(([, { ports, entries: same }]) => subsetOf(ports, same));
}

function subsetOf(ports: readonly Port[], entries: readonly Entry[]): k8s.EndpointSubset {
  const addresses = (wanted: boolean): Address[] =>
    entries
      .flatMap(({ address, ready }) => (ready === wanted ? address : []))
      .sort((a, b) => compare(a.ip, b.ip) || compare(uidOf(a), uidOf(b)));
  const [ready, notReady] = [addresses(true), addresses(false)];
  const sorted = [...ports].sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
  return {
    ...(ready.length > 0 ? { addresses: ready } : {}),
    ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
    ...(sorted.length > 0 ? { ports: sorted } : {}),
  };
}

const uidOf = ({ targetRef }: Address): string => targetRef?.uid ?? '';

/**
 * At most 1,000 addresses, ready ones first, a fair share of each subset (upstream's truncateEndpoints); the same
 * array when nothing has to go.
 */
export function truncateSubsets(subsets: k8s.EndpointSubset[]): k8s.EndpointSubset[] {
  const count = (field: 'addresses' | 'notReadyAddresses') =>
    subsets.reduce((sum, subset) => sum + (subset[field]?.length ?? 0), 0);
  const ready = count('addresses');
  const notReady = count('notReadyAddresses');
  if (ready + notReady <= MOST_ADDRESSES) return subsets;
  const cutsReady = ready > MOST_ADDRESSES;
  const room = cutsReady ? MOST_ADDRESSES : MOST_ADDRESSES - ready;
  const total = cutsReady ? ready : notReady;
  let left = room;
  return subsets.map(({ addresses = [], notReadyAddresses = [], ...rest }) => {
    const cut = cutsReady ? addresses : notReadyAddresses;
    const kept = cut.slice(0, Math.min(left, Math.ceil((cut.length / total) * room)));
    left -= kept.length;
    const [first, second] = cutsReady ? [kept, []] : [addresses, kept];
    return {
      ...(first.length > 0 ? { addresses: first } : {}),
      ...(second.length > 0 ? { notReadyAddresses: second } : {}),
      ...rest,
    };
  });
}
