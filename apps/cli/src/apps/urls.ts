import type { k8s } from '@sampan/api';

const TLS_PORTS = new Set([443, 8443]);

/**
 * Where on this machine a Service is reached: ports of nodes and load balancers are open on loopback. Pure; empty when
 * it is for the cluster only.
 */
export function urlsOf({ spec, status }: k8s.Service): string[] {
  return (spec?.ports ?? []).flatMap((port) => {
    if ((port.protocol ?? 'TCP') !== 'TCP') return [];
    const isBalanced = spec?.type === 'LoadBalancer' && (status?.loadBalancer?.ingress ?? []).length > 0;
    const number = isBalanced ? port.port : port.nodePort;
    return number ? [urlOf(port, number)] : [];
  });
}

function urlOf({ name, appProtocol, port }: k8s.ServicePort, number: number): string {
  const isTls = appProtocol === 'https' || name === 'https' || TLS_PORTS.has(port);
  const [scheme, usual] = isTls ? ['https', 443] : ['http', 80];
  return `${scheme}://127.0.0.1${number === usual ? '' : `:${number}`}/`;
}

/** Addresses under which the machine's proxy leads to one of these Services; those that work in a browser at once. Pure. */
export function ingressUrls(ingresses: readonly k8s.Ingress[], services: readonly k8s.Service[]): string[] {
  const names = new Set(services.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`));
  return ingresses.flatMap(({ metadata, spec, status }) => {
    const [balancer] = status?.loadBalancer?.ingress ?? [];
    if (!balancer) return [];
    return (spec?.rules ?? []).flatMap(({ host = '', http }) => {
      const path = http?.paths?.find(
        ({ backend }) => backend.service && names.has(`${metadata?.namespace}/${backend.service.name}`),
      );
      if (!path || !/(^|\.)localhost$/.test(host)) return [];
      const isTls = spec?.tls?.some(({ hosts }) => hosts?.includes(host)) ?? false;
      return [proxyUrl(host, isTls, balancer.ports ?? [], path.path ?? '/')];
    });
  });
}

/** The proxy has a port without and one with encryption, in this order, and takes others than the usual when those are taken. */
function proxyUrl(
  host: string,
  isTls: boolean,
  ports: readonly { readonly port: number }[],
  path: string,
): string {
  const [scheme, usual, index] = isTls ? (['https', 443, 1] as const) : (['http', 80, 0] as const);
  const port = ports[index]?.port ?? usual;
  return `${scheme}://${host}${port === usual ? '' : `:${port}`}${path}`;
}

/** Whether a Service leads to pods with these labels. */
export function selects({ spec }: k8s.Service, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(spec?.selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
