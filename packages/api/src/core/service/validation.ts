import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { parseIp } from '../../validation/ip.ts';
import {
  cidrErrors,
  dns1123Label,
  dns1123Subdomain,
  each,
  ipErrors,
  labelsErrors,
  list,
  type Part,
  PROTOCOLS,
  portName,
  portNum,
  qualifiedName,
  shown,
} from '../shared.ts';
import { nonSpecialIpErrors } from '../special-ip.ts';
import { clusterIpChangeErrors, clusterIpErrors, familyChangeErrors } from './cluster-ips.ts';
import { externallyAccessible, isHeadless, needsHealthCheck, serviceType } from './facts.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const AFFINITIES = ['ClientIP', 'None'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];
const TRAFFIC_DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
const MAX_AFFINITY_SECONDS = 86_400;
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const LOAD_BALANCER_ONLY = "may only be used when `type` is 'LoadBalancer'";

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

function targetPortErrors(port: string | number, field: string): FieldError[] {
  return each(field, port, typeof port === 'number' ? portNum(port) : portName(port));
}

function portErrors(port: Part, requireName: boolean, names: Set<string>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) {
    errors.push(...each(`${field}.name`, port.name, dns1123Label(port.name)));
    if (names.has(port.name)) errors.push(duplicate(`${field}.name`, port.name));
    names.add(port.name);
  } else if (requireName) errors.push(required(`${field}.name`));
  errors.push(...each(`${field}.port`, port.port ?? 0, portNum(port.port ?? 0)));
  if (!port.protocol) errors.push(required(`${field}.protocol`));
  else if (!PROTOCOLS.includes(port.protocol)) {
    errors.push(notSupported(`${field}.protocol`, port.protocol, PROTOCOLS));
  }
  errors.push(...targetPortErrors(port.targetPort ?? 0, `${field}.targetPort`));
  if (port.appProtocol !== undefined) {
    errors.push(...each(`${field}.appProtocol`, port.appProtocol, qualifiedName(port.appProtocol)));
  }
  return errors;
}

function affinityErrors(spec: Part): FieldError[] {
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

function externalIpErrors(spec: Part): FieldError[] {
  return list(spec.externalIPs).flatMap((ip, index) => {
    const field = `spec.externalIPs[${index}]`;
    return parseIp(ip) ? nonSpecialIpErrors(ip, field) : ipErrors(ip, field);
  });
}

function nodePortErrors(service: KubeObject): FieldError[] {
  const ports = list(service.spec.ports);
  const errors: FieldError[] = [];
  if (serviceType(service) === 'ClusterIP') {
    ports.forEach((port, index) => {
      if (port.nodePort) {
        const field = `spec.ports[${index}].nodePort`;
        errors.push(forbidden(field, "may not be used when `type` is 'ClusterIP'"));
      }
    });
  }
  const seen = new Set<string>();
  ports.forEach((port, index) => {
    if (!port.nodePort) return;
    const id = `${port.protocol}/${port.nodePort}`;
    if (seen.has(id)) errors.push(duplicate(`spec.ports[${index}].nodePort`, port.nodePort));
    seen.add(id);
  });
  return errors;
}

function duplicatePortErrors(spec: Part): FieldError[] {
  const seen = new Set<string>();
  return list(spec.ports).flatMap((port, index) => {
    const id = `${port.protocol}/${port.port}`;
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    // The value is upstream's internal ServicePort with only the key's two fields set.
    const shownPort = {
      Name: '',
      Protocol: port.protocol ?? '',
      AppProtocol: null,
      Port: port.port ?? 0,
      TargetPort: 0,
      NodePort: 0,
    };
    return [duplicate(`spec.ports[${index}]`, shownPort)];
  });
}

function sourceRangeErrors(service: KubeObject): FieldError[] {
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

function loadBalancerErrors(service: KubeObject): FieldError[] {
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

function loadBalancerClassErrors(service: KubeObject): FieldError[] {
  const name: string | undefined = service.spec.loadBalancerClass;
  if (name === undefined) return [];
  const field = 'spec.loadBalancerClass';
  return serviceType(service) === 'LoadBalancer'
    ? each(field, name, qualifiedName(name))
    : [forbidden(field, LOAD_BALANCER_ONLY)];
}

function externalTrafficErrors(service: KubeObject): FieldError[] {
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

function internalTrafficErrors(service: KubeObject): FieldError[] {
  const policy: string | undefined = service.spec.internalTrafficPolicy;
  const field = 'spec.internalTrafficPolicy';
  if (policy === undefined) {
    return ['NodePort', 'LoadBalancer', 'ClusterIP'].includes(serviceType(service)) ? [required(field)] : [];
  }
  return TRAFFIC_POLICIES.includes(policy) ? [] : [notSupported(field, policy, TRAFFIC_POLICIES)];
}

function distributionErrors(spec: Part): FieldError[] {
  const value: string | undefined = spec.trafficDistribution;
  return value === undefined || TRAFFIC_DISTRIBUTIONS.includes(value)
    ? []
    : [notSupported('spec.trafficDistribution', value, TRAFFIC_DISTRIBUTIONS)];
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
