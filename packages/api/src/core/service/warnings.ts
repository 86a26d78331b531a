import type { KubeObject } from '../../meta/object.ts';
import { warningsForCIDR, warningsForIP } from '../../validation/ip.ts';
import { list } from '../shared.ts';
import { NONE, serviceType } from './facts.ts';

const HINTS = 'service.kubernetes.io/topology-aware-hints';
const MODE = 'service.kubernetes.io/topology-mode';

function headlessWarnings(service: KubeObject): string[] {
  const { spec } = service;
  if (serviceType(service) !== 'ClusterIP' || spec.clusterIP !== NONE) return [];
  const ignored = (field: string): string => `spec.${field} is ignored for headless services`;
  return [
    ...(spec.loadBalancerIP ? [ignored('loadBalancerIP')] : []),
    ...(list(spec.externalIPs).length > 0 ? [ignored('externalIPs')] : []),
    ...((spec.sessionAffinity ?? 'None') === 'None' ? [] : [ignored('SessionAffinity')]),
  ];
}

function addressWarnings(service: KubeObject): string[] {
  const { spec } = service;
  const isSet = spec.clusterIP && spec.clusterIP !== NONE;
  const ofIps = (ips: readonly string[], field: string): string[] =>
    ips.flatMap((ip, index) => warningsForIP(`spec.${field}[${index}]`, ip));
  return [
    ...(isSet ? ofIps(list(spec.clusterIPs), 'clusterIPs') : []),
    ...headlessWarnings(service),
    ...ofIps(list(spec.externalIPs), 'externalIPs'),
    ...(spec.loadBalancerIP ? warningsForIP('spec.loadBalancerIP', spec.loadBalancerIP) : []),
    ...list(spec.loadBalancerSourceRanges).flatMap((range, index) =>
      warningsForCIDR(`spec.loadBalancerSourceRanges[${index}]`, range),
    ),
  ];
}

/** GetWarningsForService */
export function serviceWarnings(service: KubeObject): string[] {
  const { spec = {} } = service;
  const isExternal = serviceType(service) === 'ExternalName';
  const warnings: string[] = [];
  if (service.metadata.annotations?.[HINTS] !== undefined) {
    warnings.push(`annotation ${HINTS} is deprecated, please use ${MODE} instead`);
  }
  warnings.push(...addressWarnings({ ...service, spec }));
  if (isExternal && list(spec.externalIPs).length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (!isExternal && spec.externalName) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}
