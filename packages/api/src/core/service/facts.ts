import type { KubeObject } from '../../meta/object.ts';
import { list } from '../shared.ts';

/** Questions about a Service that several rules ask (upstream's pkg/api/service). */
export const NONE = 'None';

export const serviceType = (service: KubeObject): string => service.spec?.type ?? '';
export const isExternalName = (service: KubeObject): boolean => serviceType(service) === 'ExternalName';

/** Node ports are for these types only. */
export const hasNodePorts = (service: KubeObject): boolean =>
  serviceType(service) === 'NodePort' || serviceType(service) === 'LoadBalancer';

export const isHeadless = (service: KubeObject): boolean => {
  const ips = list(service.spec?.clusterIPs);
  return ips.length === 1 && ips[0] === NONE;
};

export const externallyAccessible = (service: KubeObject): boolean =>
  hasNodePorts(service) ||
  (serviceType(service) === 'ClusterIP' && list(service.spec?.externalIPs).length > 0);

export const needsHealthCheck = (service: KubeObject): boolean =>
  serviceType(service) === 'LoadBalancer' && service.spec?.externalTrafficPolicy === 'Local';

/** A load balancer that reaches pods directly may do without node ports. */
export const allocatesNodePorts = (service: KubeObject): boolean =>
  serviceType(service) === 'NodePort' ||
  (serviceType(service) === 'LoadBalancer' && service.spec?.allocateLoadBalancerNodePorts !== false);

/** The node ports in use; health check port excluded. */
export const nodePortsOf = (service: KubeObject): number[] =>
  list(service.spec?.ports)
    .map((port) => port.nodePort ?? 0)
    .filter((port) => port !== 0);
