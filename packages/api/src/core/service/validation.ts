import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { parseIp } from '../../validation/ip.ts';
import { dns1123Subdomain, each, ipErrors, labelsErrors, list, type Part, shown } from '../shared.ts';
import { nonSpecialIpErrors } from '../special-ip.ts';
import { clusterIpChangeErrors, clusterIpErrors, familyChangeErrors } from './cluster-ips.ts';
import { isHeadless, needsHealthCheck, serviceType } from './facts.ts';
import { loadBalancerClassErrors, loadBalancerErrors, sourceRangeErrors } from './load-balancer.ts';
import { duplicatePortErrors, nodePortErrors, portErrors } from './ports.ts';
import {
  affinityErrors,
  distributionErrors,
  externalTrafficErrors,
  internalTrafficErrors,
} from './traffic.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';

function annotationErrors(service: KubeObject): FieldError[] {
  const annotations = service.metadata.annotations ?? {};
  const mode = annotations[TOPOLOGY_MODE];
  const hints = annotations[TOPOLOGY_HINTS];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  const message = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`;
  return [invalid(`metadata.annotations[${TOPOLOGY_MODE}]`, mode, message)];
}

function typeErrors(service: KubeObject): FieldError[] {
  const { spec } = service;
  const type = serviceType(service);
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(service)) {
    return [invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`)];
  }
  if (type !== 'ExternalName') return [];
  const errors = ['clusterIPs', 'ipFamilies']
    .filter((key) => list(spec[key]).length > 0)
    .map((key) => forbidden(`spec.${key}`, 'may not be set for ExternalName services'));
  if (spec.ipFamilyPolicy !== undefined) {
    errors.push(forbidden('spec.ipFamilyPolicy', 'may not be set for ExternalName services'));
  }
  const name = String(spec.externalName ?? '').replace(/\.$/, '');
  errors.push(
    ...(name === ''
      ? [required('spec.externalName')]
      : each('spec.externalName', name, dns1123Subdomain(name))),
  );
  return errors;
}

function externalIpErrors(spec: Part): FieldError[] {
  return list(spec.externalIPs).flatMap((ip, index) => {
    const field = `spec.externalIPs[${index}]`;
    return parseIp(ip) ? nonSpecialIpErrors(ip, field) : ipErrors(ip, field);
  });
}

/** ValidateService of upstream's core validation, in its order. */
export function validateService(service: KubeObject): FieldError[] {
  service.spec ??= {};
  const { spec } = service;
  const ports = list(spec.ports);
  const type = serviceType(service);
  const errors = annotationErrors(service);
  if (ports.length === 0 && !isHeadless(service) && type !== 'ExternalName')
    errors.push(required('spec.ports'));
  errors.push(...typeErrors(service));
  const names = new Set<string>();
  for (const [i, port] of ports.entries())
    errors.push(...portErrors(port, ports.length > 1, names, `spec.ports[${i}]`));
  errors.push(
    ...labelsErrors(spec.selector, 'spec.selector'),
    ...affinityErrors(spec),
    ...clusterIpErrors(service),
    ...externalIpErrors(spec),
  );
  if (type === '') errors.push(required('spec.type'));
  else if (!TYPES.includes(type)) errors.push(notSupported('spec.type', type, TYPES));
  errors.push(
    ...nodePortErrors(service),
    ...duplicatePortErrors(spec),
    ...sourceRangeErrors(service),
    ...loadBalancerErrors(service),
    ...externalTrafficErrors(service),
    ...internalTrafficErrors(service),
    ...distributionErrors(spec),
  );
  return errors;
}

function classChangeErrors(service: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  if (serviceType(service) === 'LoadBalancer' && serviceType(old) === 'LoadBalancer') {
    const name = service.spec.loadBalancerClass;
    if (name !== old.spec?.loadBalancerClass) {
      errors.push(invalid('spec.loadBalancerClass', shown(name), 'may not change once set'));
    }
  }
  return [...errors, ...loadBalancerClassErrors(service)];
}

/** ValidateServiceUpdate */
export function validateServiceUpdate(service: KubeObject, old: KubeObject): FieldError[] {
  service.spec ??= {};
  const errors = [
    ...clusterIpChangeErrors(service, old),
    ...familyChangeErrors(service, old),
    ...classChangeErrors(service, old),
  ];
  if (
    needsHealthCheck(old) &&
    needsHealthCheck(service) &&
    service.spec.healthCheckNodePort !== old.spec.healthCheckNodePort
  ) {
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  }
  return [...errors, ...validateService(service)];
}
