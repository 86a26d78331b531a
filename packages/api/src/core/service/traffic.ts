import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { each, type Part, portNum } from '../shared.ts';
import { externallyAccessible, needsHealthCheck, serviceType } from './facts.ts';

/** What holds for where traffic goes: affinity, policies, health checks. */
const AFFINITIES = ['ClientIP', 'None'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];
const TRAFFIC_DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
const MAX_AFFINITY_SECONDS = 86_400;

export function affinityErrors(spec: Part): FieldError[] {
  const affinity = spec.sessionAffinity ?? '';
  if (affinity === '') return [required('spec.sessionAffinity')];
  if (!AFFINITIES.includes(affinity)) return [notSupported('spec.sessionAffinity', affinity, AFFINITIES)];
  const config = spec.sessionAffinityConfig;
  const field = 'spec.sessionAffinityConfig';
  if (affinity === 'None') {
    return config === undefined ? [] : [forbidden(field, 'must not be set when session affinity is None')];
  }
  if (config === undefined) return [required(field, 'when session affinity type is ClientIP')];
  if (config.clientIP === undefined)
    return [required(`${field}.clientIP`, 'when session affinity type is ClientIP')];
  const seconds = config.clientIP.timeoutSeconds;
  const path = `${field}.clientIP.timeoutSeconds`;
  if (seconds === undefined) return [required(path, 'when session affinity type is ClientIP')];
  return seconds > 0 && seconds <= MAX_AFFINITY_SECONDS
    ? []
    : [invalid(path, seconds, `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`)];
}

export function externalTrafficErrors(service: KubeObject): FieldError[] {
  const policy: string = service.spec.externalTrafficPolicy ?? '';
  const field = 'spec.externalTrafficPolicy';
  const errors: FieldError[] = [];
  if (!externallyAccessible(service)) {
    if (policy !== '')
      errors.push(invalid(field, policy, 'may only be set for externally-accessible services'));
  } else if (policy === '') errors.push(required(field));
  else if (!TRAFFIC_POLICIES.includes(policy)) errors.push(notSupported(field, policy, TRAFFIC_POLICIES));
  return [...errors, ...healthPortErrors(service)];
}

function healthPortErrors(service: KubeObject): FieldError[] {
  const port: number = service.spec.healthCheckNodePort ?? 0;
  const field = 'spec.healthCheckNodePort';
  if (needsHealthCheck(service)) return port === 0 ? [required(field)] : each(field, port, portNum(port));
  return port === 0
    ? []
    : [
        invalid(
          field,
          port,
          "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        ),
      ];
}

export function internalTrafficErrors(service: KubeObject): FieldError[] {
  const policy: string | undefined = service.spec.internalTrafficPolicy;
  const field = 'spec.internalTrafficPolicy';
  if (policy === undefined) {
    return ['NodePort', 'LoadBalancer', 'ClusterIP'].includes(serviceType(service)) ? [required(field)] : [];
  }
  return TRAFFIC_POLICIES.includes(policy) ? [] : [notSupported(field, policy, TRAFFIC_POLICIES)];
}

export function distributionErrors(spec: Part): FieldError[] {
  const value: string | undefined = spec.trafficDistribution;
  return value === undefined || TRAFFIC_DISTRIBUTIONS.includes(value)
    ? []
    : [notSupported('spec.trafficDistribution', value, TRAFFIC_DISTRIBUTIONS)];
}
