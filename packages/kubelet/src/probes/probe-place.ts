import type { k8s } from '@sampan/api';

/** Where a network probe goes. */
export interface ProbePlace {
  /** As the pod names it: in messages and the Host header. */
  readonly host: string;
  /** What is dialled from the machine for it. */
  readonly dial: string;
  readonly port: number;
}

/** `host:port`, with the brackets that IPv6 needs. */
export function hostPort({ host, port }: Pick<ProbePlace, 'host' | 'port'>): string {
  return `${urlHost(host)}:${port}`;
}

export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** A name of one of the container's ports, a number, or a number as text (probe ResolveContainerPort). Throws. */
export function probePort(port: number | string, { ports = [] }: k8s.Container): number {
  const named = typeof port === 'string' ? ports.find(({ name }) => name === port)?.containerPort : port;
  const number = named ?? (/^\d+$/.test(String(port)) ? Number(port) : undefined);
  if (number === undefined) throw new Error(`port ${port} not found`);
  if (number < 1 || number > 65_535) throw new Error(`invalid port number: ${number}`);
  return number;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ENOTFOUND: 'lookup: no such host',
  ECONNRESET: 'read: connection reset by peer',
};

/** Why nobody answers there, in the words of Go that people know from upstream. */
export function networkReason(place: Pick<ProbePlace, 'host' | 'port'>, error: unknown): string {
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  return `dial tcp ${hostPort(place)}: ${REASONS[code] ?? message}`;
}
