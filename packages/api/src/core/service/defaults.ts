import type { KubeObject } from '../../meta/object.ts';
import { list, type Part } from '../shared.ts';
import { externallyAccessible } from './facts.ts';

/** DefaultClientIPServiceAffinitySeconds: three hours. */
const AFFINITY_SECONDS = 10_800;

function setAffinity(spec: Part): void {
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (
    spec.sessionAffinity === 'ClientIP' &&
    spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined
  ) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
  }
}

function setPorts(spec: Part): void {
  for (const port of list(spec.ports)) {
    port.protocol ||= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') {
      port.targetPort = port.port ?? 0;
    }
  }
}

/** SetDefaults_Service */
export function setServiceDefaults(service: KubeObject): void {
  service.spec ??= {};
  const { spec } = service;
  setAffinity(spec);
  spec.type ||= 'ClusterIP';
  setPorts(spec);
  if (externallyAccessible(service)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of list(service.status?.loadBalancer?.ingress)) if (ingress.ip) ingress.ipMode ??= 'VIP';
}
