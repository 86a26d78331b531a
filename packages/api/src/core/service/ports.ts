import { duplicate, type FieldError, forbidden, notSupported, required } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import {
  dns1123Label,
  each,
  list,
  type Part,
  PROTOCOLS,
  portName,
  portNum,
  qualifiedName,
} from '../shared.ts';
import { serviceType } from './facts.ts';

/** What holds for `spec.ports`. */
function targetPortErrors(port: string | number, field: string): FieldError[] {
  return each(field, port, typeof port === 'number' ? portNum(port) : portName(port));
}

export function portErrors(
  port: Part,
  requireName: boolean,
  names: Set<string>,
  field: string,
): FieldError[] {
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

export function nodePortErrors(service: KubeObject): FieldError[] {
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

export function duplicatePortErrors(spec: Part): FieldError[] {
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
