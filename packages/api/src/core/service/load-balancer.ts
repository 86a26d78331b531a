import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { parseIp } from '../../validation/ip.ts';
import { cidrErrors, dns1123Subdomain, each, ipErrors, list, type Part, qualifiedName } from '../shared.ts';
import { serviceType } from './facts.ts';

/** What holds for load balancers, and for the status that they fill. */
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const LOAD_BALANCER_ONLY = "may only be used when `type` is 'LoadBalancer'";

export function sourceRangeErrors(service: KubeObject): FieldError[] {
  const wrongType = serviceType(service) !== 'LoadBalancer';
  const ranges: string[] = list(service.spec.loadBalancerSourceRanges);
  if (ranges.length > 0) {
    const field = 'spec.LoadBalancerSourceRanges';
    return [
      ...(wrongType ? [forbidden(field, LOAD_BALANCER_ONLY)] : []),
      ...ranges.flatMap((range, index) => cidrErrors(range.trim(), `${field}[${index}]`)),
    ];
  }
  const annotation = service.metadata.annotations?.[SOURCE_RANGES];
  if (annotation === undefined) return [];
  const field = `metadata.annotations[${SOURCE_RANGES}]`;
  const texts = annotation.trim() === '' ? [] : annotation.trim().split(',');
  return [
    ...(wrongType ? [forbidden(field, LOAD_BALANCER_ONLY)] : []),
    ...texts.flatMap((range) => cidrErrors(range.trim(), field)),
  ];
}

export function loadBalancerErrors(service: KubeObject): FieldError[] {
  const { spec } = service;
  const isLoadBalancer = serviceType(service) === 'LoadBalancer';
  const errors: FieldError[] = [];
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer) {
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', LOAD_BALANCER_ONLY));
  }
  if (isLoadBalancer && spec.allocateLoadBalancerNodePorts === undefined) {
    errors.push(required('allocateLoadBalancerNodePorts'));
  }
  return [...errors, ...loadBalancerClassErrors(service)];
}

export function loadBalancerClassErrors(service: KubeObject): FieldError[] {
  const name: string | undefined = service.spec.loadBalancerClass;
  if (name === undefined) return [];
  const field = 'spec.loadBalancerClass';
  return serviceType(service) === 'LoadBalancer'
    ? each(field, name, qualifiedName(name))
    : [forbidden(field, LOAD_BALANCER_ONLY)];
}

const IP_MODES = ['Proxy', 'VIP'];

function ingressErrors(ingress: Part, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (ingress.ip) errors.push(...ipErrors(ingress.ip, `${field}.ip`));
  const mode: string | undefined = ingress.ipMode;
  if (mode === undefined) {
    if (ingress.ip) errors.push(required(`${field}.ipMode`, 'must be specified when `ip` is set'));
  } else if (!ingress.ip)
    errors.push(forbidden(`${field}.ipMode`, 'may not be specified when `ip` is not set'));
  else if (!IP_MODES.includes(mode)) errors.push(notSupported(`${field}.ipMode`, mode, IP_MODES));
  if (ingress.hostname) {
    errors.push(...each(`${field}.hostname`, ingress.hostname, dns1123Subdomain(ingress.hostname)));
    if (parseIp(ingress.hostname)) {
      errors.push(invalid(`${field}.hostname`, ingress.hostname, 'must be a DNS name, not an IP address'));
    }
  }
  return errors;
}

/** ValidateServiceStatusUpdate */
export function validateServiceStatus(service: KubeObject): FieldError[] {
  const field = 'status.loadBalancer.ingress';
  const ingress = list(service.status?.loadBalancer?.ingress);
  if (ingress.length > 0 && serviceType(service) !== 'LoadBalancer')
    return [forbidden(field, LOAD_BALANCER_ONLY)];
  return ingress.flatMap((entry, index) => ingressErrors(entry, `${field}[${index}]`));
}
