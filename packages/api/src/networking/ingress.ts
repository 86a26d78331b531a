import {
  dns1123Subdomain,
  each,
  ipErrors,
  list,
  nameIsDns1035Label,
  nameIsDnsSubdomain,
  type Part,
  pathSegmentName,
  portName,
  portNum,
  wildcardDns1123Subdomain,
} from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { parseIp } from '../validation/ip.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_SUFFIXES = ['/..', '/.'];

const hostMessages = (host: string): string[] =>
  host.includes('*') ? wildcardDns1123Subdomain(host) : dns1123Subdomain(host);

/** validateIngressTypedLocalObjectReference: also the first part of an IngressClass's parameters. */
export function objectReferenceErrors(reference: Part, field: string): FieldError[] {
  // A pointer that is written even when it is not set: null is absent.
  const group: string | null | undefined = reference.apiGroup;
  const errors =
    group === undefined || group === null ? [] : each(`${field}.apiGroup`, group, dns1123Subdomain(group));
  for (const key of ['kind', 'name']) {
    const path = `${field}.${key}`;
    errors.push(
      ...(reference[key]
        ? each(path, reference[key], pathSegmentName(reference[key]))
        : [required(path, `${key} is required`)]),
    );
  }
  return errors;
}

function serviceErrors(service: Part, field: string): FieldError[] {
  const path = `${field}.service`;
  const errors = service.name
    ? each(`${path}.name`, service.name, nameIsDns1035Label(service.name, false))
    : [required(`${path}.name`)];
  const { name, number } = service.port ?? {};
  if (name && number) errors.push(invalid(field, '', 'cannot set both port name & port number'));
  else if (name) errors.push(...each(`${path}.port.name`, name, portName(name)));
  else if (number) errors.push(...each(`${path}.port.number`, number, portNum(number)));
  else errors.push(required(field, 'port name or number is required'));
  return errors;
}

function backendErrors(backend: Part, field: string): FieldError[] {
  const { resource, service } = backend ?? {};
  if (resource !== undefined && service !== undefined) {
    return [invalid(field, '', 'cannot set both resource and service backends')];
  }
  if (resource !== undefined) return objectReferenceErrors(resource, `${field}.resource`);
  if (service !== undefined) return serviceErrors(service, field);
  return [invalid(field, '', 'resource or service backend is required')];
}

function pathTextErrors(type: string, path: string, field: string): FieldError[] {
  if (type === 'ImplementationSpecific' && path === '') return [];
  const errors = path.startsWith('/') ? [] : [invalid(field, path, 'must be an absolute path')];
  if (type === 'ImplementationSpecific') return errors;
  for (const part of BAD_SEQUENCES) {
    if (path.includes(part)) errors.push(invalid(field, path, `must not contain '${part}'`));
  }
  for (const suffix of BAD_SUFFIXES) {
    if (path.endsWith(suffix)) errors.push(invalid(field, path, `cannot end with '${suffix}'`));
  }
  return errors;
}

function pathErrors(path: Part, field: string): FieldError[] {
  const type: string | null | undefined = path.pathType;
  if (type === undefined || type === null)
    return [required(`${field}.pathType`, 'pathType must be specified')];
  const errors = PATH_TYPES.includes(type)
    ? pathTextErrors(type, path.path ?? '', `${field}.path`)
    : [notSupported(`${field}.pathType`, type, PATH_TYPES)];
  return [...errors, ...backendErrors(path.backend, `${field}.backend`)];
}

function ruleValueErrors(rule: Part, field: string): FieldError[] {
  if (rule.http === undefined) return [];
  const paths = list(rule.http.paths);
  const path = `${field}.http.paths`;
  return [
    ...(paths.length === 0 ? [required(path)] : []),
    ...paths.flatMap((entry, i) => pathErrors(entry, `${path}[${i}]`)),
  ];
}

interface Allowances {
  /** The old object has what is no longer allowed. */
  readonly secretNames: boolean;
  readonly wildcardRules: boolean;
}

function ruleErrors(rule: Part, field: string, allow: Allowances): FieldError[] {
  const host: string = rule.host ?? '';
  const errors: FieldError[] = [];
  if (host !== '') {
    if (parseIp(host)) errors.push(invalid(`${field}.host`, host, 'must be a DNS name, not an IP address'));
    errors.push(...each(`${field}.host`, host, hostMessages(host)));
  }
  return host.includes('*') && allow.wildcardRules ? errors : [...errors, ...ruleValueErrors(rule, field)];
}

const secretMessages = (name: string | undefined): string[] => (name ? nameIsDnsSubdomain(name, false) : []);

function tlsErrors(tls: Part, field: string, allow: Allowances): FieldError[] {
  const errors = list(tls.hosts).flatMap((host, i) => each(`${field}.hosts[${i}]`, host, hostMessages(host)));
  return allow.secretNames
    ? errors
    : [...errors, ...each(`${field}.secretName`, tls.secretName, secretMessages(tls.secretName))];
}

function specErrors(ingress: KubeObject, allow: Allowances): FieldError[] {
  const spec = ingress.spec ?? {};
  const rules = list(spec.rules);
  const errors: FieldError[] = [];
  if (rules.length === 0 && spec.defaultBackend === undefined) {
    errors.push(invalid('spec', spec.rules, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (spec.defaultBackend !== undefined)
    errors.push(...backendErrors(spec.defaultBackend, 'spec.defaultBackend'));
  errors.push(
    ...rules.flatMap((rule, i) => ruleErrors(rule, `spec.rules[${i}]`, allow)),
    ...list(spec.tls).flatMap((tls, i) => tlsErrors(tls, `spec.tls[${i}]`, allow)),
  );
  const name: string | undefined = spec.ingressClassName;
  return name === undefined
    ? errors
    : [...errors, ...each('spec.ingressClassName', name, nameIsDnsSubdomain(name, false))];
}

function validateCreate(ingress: KubeObject): FieldError[] {
  const errors = specErrors(ingress, { secretNames: false, wildcardRules: false });
  const annotation = ingress.metadata.annotations?.[CLASS_ANNOTATION];
  const name: string | undefined = ingress.spec?.ingressClassName;
  if (annotation !== undefined && name !== undefined && annotation !== name) {
    const message = 'must match `ingressClassName` when both are specified';
    errors.push(invalid(`annotations.${CLASS_ANNOTATION}`, annotation, message));
  }
  return errors;
}

function allowances(old: KubeObject): Allowances {
  return {
    secretNames: list(old.spec?.tls).some((tls) => secretMessages(tls.secretName).length > 0),
    wildcardRules: list(old.spec?.rules).some(
      (rule) => rule.host?.includes('*') && ruleValueErrors(rule, '').length > 0,
    ),
  };
}

function validateStatus(ingress: KubeObject, old: KubeObject): FieldError[] {
  const known = list(old.status?.loadBalancer?.ingress).map((entry) => entry.ip);
  return list(ingress.status?.loadBalancer?.ingress).flatMap((entry, i) => {
    const field = `status.loadBalancer.ingress[${i}]`;
    const errors = entry.ip ? ipErrors(entry.ip, `${field}.ip`, known) : [];
    if (entry.hostname) {
      errors.push(...each(`${field}.hostname`, entry.hostname, dns1123Subdomain(entry.hostname)));
      if (parseIp(entry.hostname)) {
        errors.push(invalid(`${field}.hostname`, entry.hostname, 'must be a DNS name, not an IP address'));
      }
    }
    return errors;
  });
}

export const ingressRules: KindRules = {
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  prepareForUpdate(ingress, old) {
    ingress.status = old.status;
  },
  validate: validateCreate,
  validateUpdate: (ingress, old) => specErrors(ingress, allowances(old)),
  warnings(ingress) {
    const annotation = ingress.metadata.annotations?.[CLASS_ANNOTATION];
    return annotation !== undefined && ingress.spec?.ingressClassName === undefined
      ? [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
      : [];
  },
  status: {
    prepareForUpdate(ingress, old) {
      ingress.spec = old.spec;
    },
    validateUpdate: validateStatus,
  },
  generation: true,
};
