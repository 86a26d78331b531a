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

/** Whether a Service leads to pods with these labels. */
export function selects({ spec }: k8s.Service, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(spec?.selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
