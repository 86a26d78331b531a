import {
  allocatesNodePorts,
  errors,
  type FieldError,
  hasNodePorts,
  initIpFamilies,
  invalid,
  isExternalName,
  type KubeObject,
  needsHealthCheck,
  nodePortsOf,
  type StatusError,
} from '@sampan/api';
import { messageOf } from '@sampan/base';
import { NodePortAllocator } from './node-port.ts';
import { AllocationError } from './number-pool.ts';
import { ServiceIpAllocator } from './service-ip.ts';
import { type Allocation, Transaction } from './transaction.ts';

export interface ServiceAllocatorsOptions {
  /** One CIDR, or one of each family with the default first. Default 10.96.0.0/12. */
  readonly clusterIpRanges?: readonly string[];
  /** Default 30000-32767. */
  readonly nodePortRange?: string;
  readonly random?: () => number;
}

const NONE = 'None';
type Port = { port?: number; nodePort?: number; protocol?: string };

const portsOf = (service: KubeObject): Port[] => service.spec?.ports ?? [];
const addressesOf = (service: KubeObject): string[] =>
  isExternalName(service)
    ? []
    : (service.spec?.clusterIPs ?? []).filter((ip: string) => ip !== NONE && ip !== '');

function invalidService(service: KubeObject, list: readonly FieldError[]): StatusError {
  return errors.invalid({ group: '', kind: 'Service' }, service.metadata.name ?? '', list);
}

/**
 * Cluster IPs and node ports of Services (upstream's registry/core/service/storage/alloc.go). Called between
 * the rules' `prepareForCreate`/`prepareForUpdate` and validation, with an object that may be written to;
 * what it refuses is thrown as a StatusError, and nothing is then taken. State is in memory: `rebuild` from
 * the stored Services at start, before the first write.
 */
export class ServiceAllocators {
  readonly ips: readonly ServiceIpAllocator[];
  readonly nodePorts: NodePortAllocator;

  constructor(options: ServiceAllocatorsOptions = {}) {
    const ranges = options.clusterIpRanges ?? [undefined];
    this.ips = ranges.map((range) => new ServiceIpAllocator(range, options.random));
    this.nodePorts = new NodePortAllocator(options.nodePortRange, options.random);
  }

  rebuild(services: Iterable<KubeObject>): void {
    const ips: string[] = [];
    const ports: number[] = [];
    for (const service of services) {
      ips.push(...addressesOf(service));
      ports.push(...nodePortsOf(service), service.spec?.healthCheckNodePort ?? 0);
    }
    for (const allocator of this.ips) allocator.rebuild(ips);
    this.nodePorts.rebuild(ports);
  }

  /** Completes a new service. */
  allocateCreate(service: KubeObject, dryRun: boolean): Allocation {
    return this.#run(dryRun, (transaction) => {
      this.#initFamilies(service, undefined);
      this.#takeAddresses(service, transaction);
      if (hasNodePorts(service)) this.#takeNodePorts(service, transaction);
      if (needsHealthCheck(service)) this.#takeHealthCheckPort(service, transaction);
    });
  }

  /** Completes a changed service, and gives up what it no longer needs once that is stored. */
  allocateUpdate(service: KubeObject, old: KubeObject, dryRun: boolean): Allocation {
    return this.#run(dryRun, (transaction) => {
      this.#initFamilies(service, old);
      this.#updateAddresses(service, old, transaction);
      this.#updateNodePorts(service, old, transaction);
      if (needsHealthCheck(service) && !needsHealthCheck(old))
        this.#takeHealthCheckPort(service, transaction);
      if (!needsHealthCheck(service) && needsHealthCheck(old)) {
        const port: number = old.spec?.healthCheckNodePort ?? 0;
        transaction.releases(() => this.nodePorts.release(port));
      }
    });
  }

  /** Gives up all that a deleted service had. */
  release(service: KubeObject): void {
    for (const ip of addressesOf(service)) for (const allocator of this.ips) allocator.release(ip);
    for (const port of nodePortsOf(service)) this.nodePorts.release(port);
    if (needsHealthCheck(service)) this.nodePorts.release(service.spec?.healthCheckNodePort ?? 0);
  }

  #run(dryRun: boolean, task: (transaction: Transaction) => void): Allocation {
    const transaction = new Transaction(dryRun);
    try {
      task(transaction);
      return transaction;
    } catch (thrown) {
      transaction.revert();
      throw thrown;
    }
  }

  #initFamilies(service: KubeObject, old: KubeObject | undefined): void {
    const problems = initIpFamilies(
      service,
      old,
      this.ips.map((allocator) => allocator.family),
    );
    if (problems.length > 0) throw invalidService(service, problems);
  }

  /** Takes the address of each family: the one that the service names, else any. */
  #takeAddresses(service: KubeObject, transaction: Transaction, from = 0): void {
    if (isExternalName(service) || service.spec.clusterIPs?.[0] === NONE) return;
    const families: string[] = service.spec.ipFamilies ?? [];
    const ips: string[] = [...(service.spec.clusterIPs ?? [])];
    for (const [index, family] of families.entries()) {
      const allocator = this.ips.find((candidate) => candidate.family === family);
      if (index < from || !allocator) continue;
      const wanted = ips[index];
      const ip = wanted ? this.#reserveAddress(service, allocator, wanted) : this.#anyAddress(allocator);
      transaction.took(() => allocator.release(ip));
      ips[index] = ip;
    }
    service.spec.clusterIPs = ips;
    service.spec.clusterIP = ips[0];
  }

  #reserveAddress(service: KubeObject, allocator: ServiceIpAllocator, ip: string): string {
    try {
      allocator.reserve(ip);
      return ip;
    } catch (thrown) {
      if (!(thrown instanceof AllocationError)) throw thrown;
      const message = `failed to allocate IP ${ip}: ${thrown.message}`;
      throw invalidService(service, [invalid('spec.clusterIPs', service.spec.clusterIPs, message)]);
    }
  }

  #anyAddress(allocator: ServiceIpAllocator): string {
    try {
      return allocator.allocateNext();
    } catch (thrown) {
      if (!(thrown instanceof AllocationError)) throw thrown;
      throw errors.internal(`failed to allocate a serviceIP: ${thrown.message}`);
    }
  }

  #updateAddresses(service: KubeObject, old: KubeObject, transaction: Transaction): void {
    if (isExternalName(old)) {
      this.#takeAddresses(service, transaction);
      return;
    }
    if (old.spec?.clusterIPs?.[0] === NONE) return;
    const before = addressesOf(old);
    const families: number = service.spec.ipFamilies?.length ?? 0;
    const kept = isExternalName(service) ? 0 : Math.min(before.length, Math.max(families, 1));
    for (const ip of before.slice(kept)) {
      transaction.releases(() => {
        for (const allocator of this.ips) allocator.release(ip);
      });
    }
    if (!isExternalName(service) && before.length === 1 && families === 2) {
      this.#takeAddresses(service, transaction, 1);
    }
  }

  #takePort(transaction: Transaction, port: number): void {
    this.nodePorts.reserve(port);
    transaction.took(() => this.nodePorts.release(port));
  }

  #takeNamedPort(service: KubeObject, transaction: Transaction, port: number, index: number): void {
    try {
      this.#takePort(transaction, port);
    } catch (thrown) {
      if (!(thrown instanceof AllocationError)) throw thrown;
      throw invalidService(service, [invalid(`spec.ports[${index}].nodePort`, port, thrown.message)]);
    }
  }

  #takeAnyPort(transaction: Transaction): number {
    try {
      const port = this.nodePorts.allocateNext();
      transaction.took(() => this.nodePorts.release(port));
      return port;
    } catch (thrown) {
      if (!(thrown instanceof AllocationError)) throw thrown;
      throw errors.internal(`failed to allocate a nodePort: ${thrown.message}`);
    }
  }

  /** One port of several protocols gets one node port, the one that any of them names. */
  #takeNodePorts(service: KubeObject, transaction: Transaction): void {
    const known = new Map<number, number>();
    for (const [index, port] of portsOf(service).entries()) {
      const number = port.port ?? 0;
      if (!port.nodePort && !allocatesNodePorts(service)) continue;
      const shared = known.get(number);
      if (shared === undefined) {
        const wanted = portsOf(service).find((other) => other.port === port.port && other.nodePort)?.nodePort;
        if (wanted) this.#takeNamedPort(service, transaction, wanted, index);
        port.nodePort = wanted || this.#takeAnyPort(transaction);
        known.set(number, port.nodePort);
      } else if (!port.nodePort) port.nodePort = shared;
      else if (port.nodePort !== shared) this.#takeNamedPort(service, transaction, port.nodePort, index);
    }
  }

  #updateNodePorts(service: KubeObject, old: KubeObject, transaction: Transaction): void {
    const before = hasNodePorts(old) ? new Set(nodePortsOf(old)) : new Set<number>();
    if (hasNodePorts(service)) {
      const taken = new Set<number>();
      for (const [index, port] of portsOf(service).entries()) {
        if (!port.nodePort) {
          if (allocatesNodePorts(service)) port.nodePort = this.#takeAnyPort(transaction);
        } else if (!before.has(port.nodePort) && !taken.has(port.nodePort)) {
          this.#takeNamedPort(service, transaction, port.nodePort, index);
        }
        if (port.nodePort) taken.add(port.nodePort);
      }
    }
    const after = new Set(hasNodePorts(service) ? nodePortsOf(service) : []);
    for (const port of before) if (!after.has(port)) transaction.releases(() => this.nodePorts.release(port));
  }

  #takeHealthCheckPort(service: KubeObject, transaction: Transaction): void {
    const wanted: number = service.spec.healthCheckNodePort ?? 0;
    try {
      if (wanted !== 0) this.#takePort(transaction, wanted);
      else service.spec.healthCheckNodePort = this.#takeAnyPort(transaction);
    } catch (thrown) {
      const why = messageOf(thrown);
      throw errors.internal(
        wanted === 0
          ? `failed to allocate a HealthCheck NodePort 0: ${why}`
          : `failed to allocate requested HealthCheck NodePort ${wanted}: ${why}`,
      );
    }
  }
}
