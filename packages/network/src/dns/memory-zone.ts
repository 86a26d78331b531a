import { isIP, isIPv4 } from 'node:net';
import { type EndpointSlice, nameOf, SERVICE_NAME, type Service } from '../services/objects.ts';
import type { ZoneEndpoint, ZonePort, ZoneService, ZoneView } from './zone-view.ts';

/** A view that is told of each object as it changes; whatever was asked before is not asked anew. */
export class MemoryZone implements ZoneView {
  readonly #namespaces = new Set<string>();
  readonly #services = new Map<string, Service>();
  /** By the Service they are of, then by their own name. */
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  readonly #serviceOfSlice = new Map<string, string>();
  /** Address to what has it: keys of Services. */
  readonly #byIp = new Map<string, Map<string, number>>();
  readonly #made = new Map<string, ZoneService>();

  putNamespace(name: string): void {
    this.#namespaces.add(name);
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name);
  }

  putService(service: Service): void {
    const key = nameOf(service);
    this.#count(key, -1, clusterIpsOf(this.#services.get(key)));
    this.#services.set(key, service);
    this.#count(key, 1, clusterIpsOf(service));
    this.#made.delete(key);
  }

  removeService(service: Service): void {
    const key = nameOf(service);
    this.#count(key, -1, clusterIpsOf(this.#services.get(key)));
    this.#services.delete(key);
    this.#made.delete(key);
  }

  putSlice(slice: EndpointSlice): void {
    this.removeSlice(slice);
    const service = slice.metadata.labels?.[SERVICE_NAME];
    if (service === undefined) return;
    const key = `${slice.metadata.namespace ?? ''}/${service}`;
    this.#slices.getOrInsertComputed(key, () => new Map()).set(nameOf(slice), slice);
    this.#serviceOfSlice.set(nameOf(slice), key);
    this.#count(key, 1, addressesOf(slice));
    this.#made.delete(key);
  }

  removeSlice(slice: EndpointSlice): void {
    const name = nameOf(slice);
    const key = this.#serviceOfSlice.get(name);
    if (key === undefined) return;
    const slices = this.#slices.get(key);
    this.#count(key, -1, addressesOf(slices?.get(name)));
    slices?.delete(name);
    if (slices?.size === 0) this.#slices.delete(key);
    this.#serviceOfSlice.delete(name);
    this.#made.delete(key);
  }

  hasNamespace(namespace: string): boolean {
    return this.#namespaces.has(namespace);
  }

  service(namespace: string, name: string): ZoneService | undefined {
    const key = `${namespace}/${name}`;
    const service = this.#services.get(key);
    if (!service) return undefined;
    return this.#made.getOrInsertComputed(key, () =>
      zoneService(service, this.#slices.get(key)?.values() ?? []),
    );
  }

  namesOf(ip: string): readonly string[] {
    const names: string[] = [];
    for (const key of this.#byIp.get(ip)?.keys() ?? []) {
      const [namespace = '', name = ''] = key.split('/');
      const service = this.service(namespace, name);
      if (service?.clusterIps.includes(ip)) names.push(`${name}.${namespace}`);
      for (const endpoint of service?.endpoints ?? [])
        if (endpoint.ip === ip) names.push(`${endpoint.host}.${name}.${namespace}`);
    }
    return [...new Set(names)];
  }

  #count(key: string, change: 1 | -1, ips: readonly string[]): void {
    for (const ip of ips) {
      const users = this.#byIp.getOrInsertComputed(ip, () => new Map());
      const count = (users.get(key) ?? 0) + change;
      if (count > 0) users.set(key, count);
      else users.delete(key);
      if (users.size === 0) this.#byIp.delete(ip);
    }
  }
}

function clusterIpsOf(service: Service | undefined): string[] {
  const { clusterIP = '', clusterIPs = [clusterIP], type } = service?.spec ?? {};
  return type === 'ExternalName' ? [] : clusterIPs.filter((ip) => isIP(ip) !== 0);
}

const addressesOf = (slice: EndpointSlice | undefined): string[] =>
  (slice?.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []);

function zoneService(service: Service, slices: Iterable<EndpointSlice>): ZoneService {
  const { type, externalName, ports = [] } = service.spec ?? {};
  return {
    clusterIps: clusterIpsOf(service),
    externalName: type === 'ExternalName' ? externalName : undefined,
    ports: ports.map(portOf),
    endpoints: [...slices].flatMap(endpointsOf),
  };
}

function endpointsOf({ endpoints, ports, addressType }: EndpointSlice): ZoneEndpoint[] {
  if (addressType === 'FQDN') return [];
  const all = (ports ?? []).flatMap(({ port, ...rest }) =>
    port === undefined ? [] : [portOf({ ...rest, port })],
  );
  return (endpoints ?? []).flatMap(({ addresses, conditions, hostname }) => {
    // unknown is ready (EndpointConditions)
    if (conditions?.ready === false) return [];
    return (addresses ?? []).map((ip) => ({
      host: hostname || ip.replaceAll(isIPv4(ip) ? '.' : ':', '-'),
      ip,
      ports: all,
    }));
  });
}

const portOf = ({
  name = '',
  protocol = 'TCP',
  port,
}: {
  name?: string;
  protocol?: string;
  port: number;
}): ZonePort => ({
  name,
  protocol: protocol.toLowerCase(),
  port,
});
