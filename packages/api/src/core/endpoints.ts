import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { warningsForIP } from '../validation/ip.ts';
import {
  dns1123Label,
  each,
  ipErrors,
  list,
  nameIsDnsSubdomain,
  type Part,
  PROTOCOLS,
  portNum,
  qualifiedName,
} from './shared.ts';
import { nonSpecialIpErrors } from './special-ip.ts';

function addressErrors(address: Part, field: string): FieldError[] {
  const ip: string = address.ip ?? '';
  const errors = ipErrors(ip, `${field}.ip`);
  if (address.hostname)
    errors.push(...each(`${field}.hostname`, address.hostname, dns1123Label(address.hostname)));
  if (address.nodeName !== undefined) {
    errors.push(...each(`${field}.nodeName`, address.nodeName, nameIsDnsSubdomain(address.nodeName, false)));
  }
  errors.push(...nonSpecialIpErrors(ip, `${field}.ip`));
  return errors;
}

function portErrors(port: Part, requireName: boolean, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!port.name) {
    if (requireName) errors.push(required(`${field}.name`));
  } else errors.push(...each(`${field}.name`, port.name, dns1123Label(port.name)));
  errors.push(...each(`${field}.port`, port.port ?? 0, portNum(port.port ?? 0)));
  if (!port.protocol) errors.push(required(`${field}.protocol`));
  else if (!PROTOCOLS.includes(port.protocol)) {
    errors.push(notSupported(`${field}.protocol`, port.protocol, PROTOCOLS));
  }
  if (port.appProtocol !== undefined) {
    errors.push(...each(`${field}.appProtocol`, port.appProtocol, qualifiedName(port.appProtocol)));
  }
  return errors;
}

function subsetErrors(subset: Part, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const addresses = list(subset.addresses);
  const notReady = list(subset.notReadyAddresses);
  const ports = list(subset.ports);
  if (addresses.length === 0 && notReady.length === 0) {
    errors.push(required(field, 'must specify `addresses` or `notReadyAddresses`'));
  }
  for (const [i, address] of addresses.entries())
    errors.push(...addressErrors(address, `${field}.addresses[${i}]`));
  for (const [i, address] of notReady.entries())
    errors.push(...addressErrors(address, `${field}.notReadyAddresses[${i}]`));
  for (const [i, port] of ports.entries())
    errors.push(...portErrors(port, ports.length > 1, `${field}.ports[${i}]`));
  return errors;
}

function validateEndpoints(endpoints: KubeObject): FieldError[] {
  return list(endpoints.subsets).flatMap((subset, i) => subsetErrors(subset, `subsets[${i}]`));
}

function addressWarnings(endpoints: KubeObject): string[] {
  return list(endpoints.subsets).flatMap((subset, i) =>
    ['addresses', 'notReadyAddresses'].flatMap((key) =>
      list(subset[key]).flatMap(({ ip }, j) => warningsForIP(`subsets[${i}].${key}[${j}].ip`, ip)),
    ),
  );
}

export const endpointsRules: KindRules = {
  setDefaults(endpoints) {
    for (const subset of list(endpoints.subsets)) {
      for (const port of list(subset.ports)) port.protocol ||= 'TCP';
    }
  },
  validate: validateEndpoints,
  warnings: addressWarnings,
  createOnUpdate: true,
};
