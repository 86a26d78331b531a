import {
  dns1123Label,
  each,
  fullyQualifiedDomainNameErrors,
  immutable,
  labelsErrors,
  labelValue,
  list,
  nameIsDnsSubdomain,
  type Part,
  PROTOCOLS,
  qualifiedName,
} from '../core/shared.ts';
import { nonSpecialIpErrors } from '../core/special-ip.ts';
import type { KindRules } from '../kinds/resource.ts';
import { duplicate, type FieldError, invalid, notSupported, required, tooMany } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { parseIp, warningsForIP } from '../validation/ip.ts';

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const MAX_TOPOLOGY_LABELS = 16;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20_000;
const MAX_ENDPOINTS = 1000;
const MAX_HINTS = 8;

function addressErrors(address: string, type: string, field: string): FieldError[] {
  if (type === 'FQDN') return fullyQualifiedDomainNameErrors(field, address);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const fits = parseIp(address)?.family === (type === 'IPv4' ? 4 : 6);
  return fits
    ? nonSpecialIpErrors(address, field)
    : [invalid(field, address, `must be a valid ${type} address`)];
}

function hintErrors(entries: readonly Part[], field: string): FieldError[] {
  if (entries.length > MAX_HINTS) return [tooMany(field, entries.length, MAX_HINTS)];
  const seen = new Set<string>();
  return entries.flatMap(({ name = '' }, i) => {
    const path = `${field}[${i}].name`;
    const errors = seen.has(name) ? [duplicate(path, name)] : [];
    seen.add(name);
    return [...errors, ...each(path, name, labelValue(name))];
  });
}

function endpointErrors(endpoint: Part, type: string, field: string): FieldError[] {
  const addresses = list(endpoint.addresses);
  const path = `${field}.addresses`;
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(path, 'must contain at least 1 address'));
  else if (addresses.length > MAX_ADDRESSES) errors.push(tooMany(path, addresses.length, MAX_ADDRESSES));
  for (const [i, address] of addresses.entries())
    errors.push(...addressErrors(address, type, `${path}[${i}]`));
  const topology = endpoint.deprecatedTopology;
  const labels = Object.keys(topology ?? {}).length;
  if (labels > MAX_TOPOLOGY_LABELS)
    errors.push(tooMany(`${field}.deprecatedTopology`, labels, MAX_TOPOLOGY_LABELS));
  errors.push(...labelsErrors(topology, `${field}.deprecatedTopology`));
  const { hostname, nodeName, hints } = endpoint;
  if (hostname !== undefined) errors.push(...each(`${field}.hostname`, hostname, dns1123Label(hostname)));
  if (nodeName !== undefined)
    errors.push(...each(`${field}.nodeName`, nodeName, nameIsDnsSubdomain(nodeName, false)));
  for (const key of ['forZones', 'forNodes'])
    errors.push(...hintErrors(list(hints?.[key]), `${field}.hints.${key}`));
  return errors;
}

function portsErrors(ports: readonly Part[]): FieldError[] {
  if (ports.length > MAX_PORTS) return [tooMany('ports', ports.length, MAX_PORTS)];
  const seen = new Set<string>();
  return ports.flatMap((port, i) => {
    const field = `ports[${i}]`;
    const name: string = port.name ?? '';
    const errors = name === '' ? [] : each(`${field}.name`, name, dns1123Label(name));
    if (seen.has(name)) errors.push(duplicate(`${field}.name`, name));
    seen.add(name);
    if (port.protocol === undefined) errors.push(required(`${field}.protocol`));
    else if (!PROTOCOLS.includes(port.protocol)) {
      errors.push(notSupported(`${field}.protocol`, port.protocol, PROTOCOLS));
    }
    if (port.appProtocol !== undefined) {
      errors.push(...each(`${field}.appProtocol`, port.appProtocol, qualifiedName(port.appProtocol)));
    }
    return errors;
  });
}

function validate(slice: KubeObject): FieldError[] {
  const type: string = slice.addressType ?? '';
  const endpoints = list(slice.endpoints);
  const errors: FieldError[] = [];
  if (type === '') errors.push(required('addressType'));
  else if (!ADDRESS_TYPES.includes(type)) errors.push(notSupported('addressType', type, ADDRESS_TYPES));
  if (endpoints.length > MAX_ENDPOINTS) errors.push(tooMany('endpoints', endpoints.length, MAX_ENDPOINTS));
  else
    for (const [i, endpoint] of endpoints.entries())
      errors.push(...endpointErrors(endpoint, type, `endpoints[${i}]`));
  return [...errors, ...portsErrors(list(slice.ports))];
}

function sliceWarnings(slice: KubeObject): string[] {
  if (slice.addressType === 'FQDN') return ['addressType: FQDN endpoints are deprecated'];
  return list(slice.endpoints).flatMap((endpoint, i) =>
    list(endpoint.addresses).flatMap((ip, j) => warningsForIP(`endpoints[${i}].addresses[${j}]`, ip)),
  );
}

export const endpointSliceRules: KindRules = {
  setDefaults(slice) {
    for (const port of list(slice.ports)) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate,
  validateUpdate: (slice, old) => [
    ...validate(slice),
    ...immutable('addressType', slice.addressType, old.addressType),
  ],
  warnings: sliceWarnings,
  generation: true,
};
