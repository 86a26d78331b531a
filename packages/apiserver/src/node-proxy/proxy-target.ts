import { errors, type KubeObject, type k8s } from '@sampan/api';
import type { Hop, NodeProxyOptions } from './contract.ts';

/** Where a proxied request goes: an address that was checked, and how it is spoken to. */
export interface ProxyTarget {
  readonly scheme: 'http' | 'https';
  readonly address: string;
  readonly port: number;
  /** What is told as `Host`: the pod as its cluster knows it. */
  readonly host: string;
}

interface Parts {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  readonly port: string;
}

/** `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`; that there are no more parts was checked. */
export function partsOf(name: string): Parts {
  const parts = name.split(':');
  const [scheme = '', bare = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  return { scheme: scheme === 'https' ? 'https' : 'http', name: bare, port };
}

/** The pod of `pods/NAME/proxy` (kubernetes pkg/registry/core/pod ResourceLocation). Throws StatusErrors. */
export async function podTarget({ request, options }: Hop): Promise<ProxyTarget> {
  const { scheme, port } = partsOf(request.name);
  const pod = request.object as unknown as k8s.Pod;
  const declared = (pod.spec?.containers ?? []).flatMap(({ ports }) => ports ?? [])[0]?.containerPort;
  const ip = pod.status?.podIP ?? '';
  if (ip === '') throw errors.badRequest(`address not allowed: pod ${request.name} has none yet`);
  const number = port === '' ? (declared ?? (scheme === 'https' ? 443 : 80)) : portNumber(port);
  return target(options, pod, ip, scheme, number);
}

/** A ready pod of `services/NAME/proxy` (kubernetes pkg/registry/core/service ResourceLocation). Throws StatusErrors. */
export async function serviceTarget({ request, options }: Hop): Promise<ProxyTarget> {
  const { scheme, name, port } = partsOf(request.name);
  const service = request.object as unknown as k8s.Service;
  const namespace = service.metadata?.namespace ?? '';
  const portName = /^\d+$/.test(port) ? nameOfPort(service, name, Number(port)) : port;
  const endpoints = options.reader.get<KubeObject>('endpoints', namespace, name) as k8s.Endpoints | undefined;
  if (!endpoints) throw errors.notFound({ group: '', resource: 'endpoints' }, name);
  if (!endpoints.subsets?.length)
    throw errors.serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  const found = shuffled(endpoints.subsets.flatMap((subset) => placesIn(subset, portName)));
  for (const { ip, port: number, podName } of found) {
    const pod = options.reader.get<KubeObject>('pods', namespace, podName) as k8s.Pod | undefined;
    if (pod && ipsOf(pod).includes(ip)) return target(options, pod, ip, scheme, number);
  }
  throw errors.serviceUnavailable(`no endpoints available for service ${JSON.stringify(request.name)}`);
}

function nameOfPort(service: k8s.Service, name: string, number: number): string {
  const port = (service.spec?.ports ?? []).find((each) => each.port === number);
  if (!port)
    throw errors.serviceUnavailable(`no service port ${number} found for service ${JSON.stringify(name)}`);
  return port.name ?? '';
}

interface Place {
  readonly ip: string;
  readonly port: number;
  readonly podName: string;
}

/** Addresses without a pod are passed over: anybody may write any address into them. */
function placesIn({ addresses, ports }: k8s.EndpointSubset, portName: string): Place[] {
  const port = (ports ?? []).find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  return (addresses ?? []).flatMap(({ ip, targetRef }) =>
    targetRef?.kind === 'Pod' && targetRef.name ? [{ ip, port, podName: targetRef.name }] : [],
  );
}

async function target(
  { reach }: NodeProxyOptions,
  pod: k8s.Pod,
  ip: string,
  scheme: 'http' | 'https',
  port: number,
): Promise<ProxyTarget> {
  const address = await reach(ip, pod.spec?.hostNetwork === true);
  if (address === undefined)
    throw errors.badRequest(`address not allowed: ${ip} is no address of this cluster's pods`);
  return { scheme, address, port, host: `${ip.includes(':') ? `[${ip}]` : ip}:${port}` };
}

const ipsOf = ({ status }: k8s.Pod): string[] => [
  ...(status?.podIP ? [status.podIP] : []),
  ...(status?.podIPs ?? []).map(({ ip }) => ip),
];

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw errors.badRequest(`invalid port ${JSON.stringify(text)}`);
}

function shuffled<T>(list: readonly T[]): T[] {
  const start = Math.floor(Math.random() * list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}
