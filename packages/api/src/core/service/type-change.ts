import type { KubeObject } from '../../meta/object.ts';
import { list } from '../shared.ts';
import {
  externallyAccessible,
  hasNodePorts,
  isExternalName,
  needsHealthCheck,
  serviceType,
} from './facts.ts';

/**
 * An update that omits what the server had allocated gets it from the old object (patchAllocatedValues), so
 * that `kubectl replace` with a plain manifest works.
 */
export function keepAllocatedValues(service: KubeObject, old: KubeObject): void {
  const spec = service.spec;
  if (!isExternalName(old) && !isExternalName(service)) {
    if (!spec.clusterIP) {
      if (old.spec?.clusterIP !== undefined) spec.clusterIP = old.spec.clusterIP;
    }
    if (list(spec.clusterIPs).length === 0 && spec.clusterIP === old.spec?.clusterIP) {
      if (old.spec?.clusterIPs !== undefined) spec.clusterIPs = old.spec.clusterIPs;
    }
  }
  if (hasNodePorts(old) && hasNodePorts(service)) keepNodePorts(service, old);
  if (needsHealthCheck(old) && needsHealthCheck(service) && !spec.healthCheckNodePort) {
    spec.healthCheckNodePort = old.spec.healthCheckNodePort;
  }
}

function keepNodePorts(service: KubeObject, old: KubeObject): void {
  const before = new Map<string, number>();
  for (const port of list(old.spec?.ports))
    if (port.nodePort) before.set(`${port.protocol}/${port.port}`, port.nodePort);
  const used = new Set<number>(list(service.spec.ports).map((port) => port.nodePort));
  for (const port of list(service.spec.ports)) {
    if (port.nodePort) continue;
    const known = before.get(`${port.protocol}/${port.port}`);
    if (known !== undefined && !used.has(known)) {
      port.nodePort = known;
      used.add(known);
    }
  }
}

/** Same value in both, so the client did not touch it. */
function untouched(service: KubeObject, old: KubeObject, field: string): boolean {
  return JSON.stringify(service.spec[field]) === JSON.stringify(old.spec?.[field]);
}

/**
 * A change of type drops the fields that only the old type has, unless the client changed them too
 * (dropTypeDependentFields).
 */
export function dropTypeDependentFields(service: KubeObject, old: KubeObject): void {
  const { spec } = service;
  const drop = (field: string): void => {
    if (untouched(service, old, field)) delete spec[field];
  };
  if (!isExternalName(old) && isExternalName(service)) {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) drop(field);
  }
  if (hasNodePorts(old) && !hasNodePorts(service)) dropNodePorts(service, old);
  if (needsHealthCheck(old) && !needsHealthCheck(service)) drop('healthCheckNodePort');
  if (serviceType(old) === 'LoadBalancer' && serviceType(service) !== 'LoadBalancer') {
    drop('allocateLoadBalancerNodePorts');
    drop('loadBalancerClass');
  }
  if (externallyAccessible(old) && !externallyAccessible(service)) drop('externalTrafficPolicy');
  if (!isExternalName(old) && isExternalName(service)) drop('internalTrafficPolicy');
}

function dropNodePorts(service: KubeObject, old: KubeObject): void {
  const before = new Set<number>(list(old.spec?.ports).map((port) => port.nodePort));
  const ports = list(service.spec.ports);
  if (ports.every((port) => !port.nodePort || before.has(port.nodePort))) {
    for (const port of ports) delete port.nodePort;
  }
}
