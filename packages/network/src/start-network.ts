import { type Clock, type Logger, messageOf, silentLogger, systemClock } from '@sampan/base';
import type { Client } from '@sampan/machinery';
import { addressesOf, type ClusterNetwork } from './cluster/addresses.ts';
import { ensureHostPods, forgetHostPods, type HostPods } from './cluster/host-pods.ts';
import {
  type HostPort,
  type HostTableOptions,
  hostTable,
  hostTableName,
  wantedHostPorts,
} from './cluster/host-table.ts';
import { netnsPath } from './cluster/network-namespace.ts';
import { clusterTable } from './cluster-table.ts';
import { type DnsLimits, DnsServer } from './dns/dns-server.ts';
import { DNS_PORT, dnsPeer } from './dns/dns-service.ts';
import { MemoryZone } from './dns/memory-zone.ts';
import { Upstream, type UpstreamOptions } from './dns/upstream.ts';
import { NftApplier } from './nft/nft-applier.ts';
import { hostPortsOf } from './services/host-ports.ts';
import type { Pod } from './services/objects.ts';
import { type ServicePort, servicePortsOf } from './services/service-ports.ts';
import { forgetFlows, staleUdpEndpoints } from './services/stale-flows.ts';
import { BalancerStatus } from './shell/balancer-status.ts';
import { Burst } from './shell/burst.ts';
import { ClusterInformers } from './shell/cluster-informers.ts';
import { hasHostPort, PodBook } from './shell/pod-book.ts';

export interface StartNetworkOptions {
  /** Reads Services, EndpointSlices, pods, namespaces and policies; writes the status of Services. */
  readonly client: Client;
  /** `ensureNetwork` has made it. */
  readonly network: ClusterNetwork;
  /** Name of the node: endpoints on it are local. */
  readonly node: string;
  /**
   * Addresses of the machine that the node's status names: pods reach NodePorts and host ports there. Default none,
   * as for clusters that must not know the machine.
   */
  readonly machineAddresses?: readonly string[];
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Absent: another answers names. */
  readonly dns?: {
    readonly upstream: Pick<UpstreamOptions, 'servers'>;
    /** Default `cluster.local`. */
    readonly zone?: string;
    /** Default: the machine's end of the link, port 53. */
    readonly address?: string;
    readonly port?: number;
    readonly limits?: Partial<DnsLimits>;
  };
  /** Ports of the machine that lead into the cluster, and the wall around it, in which DNS is open; absent: no rules on the machine itself. */
  readonly host?: Pick<HostTableOptions, 'allowed' | 'api'> & {
    /**
     * Which ports a cluster may take from the machine; asked again with every change. Default: all but TCP 22. The
     * port of its API it never may.
     */
    readonly mayExpose?: (port: ExposablePort) => boolean;
    /** Above the cgroups of the cluster's pods: those of the host network reach Services and pods. Default: not. */
    readonly cgroupRoot?: string;
    /**
     * The status of Services of type LoadBalancer; absent: somebody else writes it. The inner end of the link is an
     * address of the cluster's own, where every port is free; others are the machine's.
     */
    readonly loadBalancerAddress?: string;
  };
  /** Milliseconds in which changes come together before one update. Default 10. */
  readonly gatherMs?: number;
}

/** The network of a cluster, kept as the API says. */
export interface RunningNetwork {
  /** Resolves when the rules of the present state are in force, and names are answered. */
  readonly synced: Promise<void>;
  /**
   * A pod has this address, which the API does not know yet. Resolves when its rules are in force: start its
   * containers then. Until it is told, or the pod's status has it, packets of the address are dropped if there is any
   * policy. May be called again.
   */
  attach(pod: Pod, ip: string): Promise<void>;
  /** Does this TCP port of the machine lead into the cluster? */
  leadsIn(port: number): boolean;
  /** Where DNS answers; undefined until `synced`, or without DNS. */
  readonly dnsPort: number | undefined;
  /** Ends following; rules stay in force, so that pods outlive a restart. May be called twice. */
  stop(): Promise<void>;
  /** Also takes the rules on the machine away, as for a cluster that is deleted. After `stop`. */
  removeRules(): Promise<void>;
}

/** Starts following the API. Every burst of changes becomes one atomic update of the rules. */
export function startNetwork(options: StartNetworkOptions): RunningNetwork {
  const follower = new Follower(options);
  return follower.start();
}

/** Takes the rules on the machine away that lead into a network or out of it. They need not be there. */
export async function removeHostRules(network: ClusterNetwork): Promise<void> {
  await forgetHostPods(network);
  await new NftApplier().remove(hostTableName(network));
}

class Follower {
  readonly #options: StartNetworkOptions;
  readonly #log: Logger;
  readonly #informers: ClusterInformers;
  readonly #burst: Burst;
  readonly #pods = new PodBook();
  readonly #zone = new MemoryZone();
  readonly #inside: NftApplier;
  readonly #outside: NftApplier;
  readonly #dns: DnsServer | undefined;
  readonly #balancers: BalancerStatus | undefined;
  readonly #netns: string;
  #ports: readonly ServicePort[] = [];
  #hostPorts: readonly HostPort[] = [];
  #hostPods: HostPods | undefined;
  #isStopped = false;

  constructor(options: StartNetworkOptions) {
    const { client, network, clock = systemClock, log = silentLogger, dns, gatherMs = 10 } = options;
    this.#options = options;
    this.#log = log;
    this.#netns = netnsPath(network.name);
    this.#informers = new ClusterInformers(client, clock, log);
    this.#burst = new Burst(() => this.#update(), { clock, log, gatherMs });
    this.#inside = new NftApplier({ netns: this.#netns, log });
    this.#outside = new NftApplier({ log });
    const address = options.host?.loadBalancerAddress;
    this.#balancers = address === undefined ? undefined : new BalancerStatus(address, { client, clock, log });
    this.#dns =
      dns &&
      new DnsServer({
        address: network.link.host,
        ...dns,
        view: this.#zone,
        upstream: new Upstream({ ...dns.upstream, clock }),
        log,
      });
  }

  start(): RunningNetwork {
    this.#follow();
    this.#informers.start();
    const synced = this.#begin();
    // who waits for it hears of a failure; who does not, must not die of it
    synced.catch((error: unknown) =>
      this.#log.error('the network did not start', { error: messageOf(error) }),
    );
    const port = () => this.#dns?.port;
    return {
      synced,
      get dnsPort() {
        return port() || undefined;
      },
      leadsIn: (wanted) =>
        this.#hostPorts.some(({ protocol, port: open }) => protocol === 'tcp' && open === wanted),
      attach: (pod, ip) => this.#attach(pod, ip),
      stop: () => this.#stop(),
      removeRules: () => removeHostRules(this.#options.network),
    };
  }

  async #attach(pod: Pod, ip: string): Promise<void> {
    const { policies } = this.#informers;
    const isOpen = policies.isSynced && policies.size === 0 && this.#burst.isIdle && !hasHostPort(pod);
    const isNews = this.#pods.attach(pod, ip);
    if (isNews) {
      const done = this.#burst.change();
      // nothing holds it back, so there is nothing to wait for
      if (!isOpen) await done;
    }
    // it was told before, and the rules may still be on their way
    else await this.#burst.settled();
  }

  async #begin(): Promise<void> {
    const { network, host } = this.#options;
    if (host?.cgroupRoot !== undefined) this.#hostPods = await ensureHostPods(network, host.cgroupRoot);
    await this.#informers.synced();
    if (this.#isStopped) return;
    const first = this.#burst.change();
    this.#burst.open();
    await first;
    // not before everything is known: a "no" would be remembered
    if (!this.#isStopped) await this.#dns?.start();
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    this.#informers.stop();
    await this.#burst.stop();
    this.#balancers?.stop();
    await this.#dns?.stop();
  }

  #follow(): void {
    const { services, slices, pods, namespaces, policies } = this.#informers;
    const changed = () => void this.#burst.change();
    services.onChange(({ type, object }) => {
      if (type === 'deleted') this.#zone.removeService(object);
      else this.#zone.putService(object);
      changed();
    });
    slices.onChange(({ type, object }) => {
      if (type === 'deleted') this.#zone.removeSlice(object);
      else this.#zone.putSlice(object);
      changed();
    });
    namespaces.onChange(({ type, object }) => {
      const { name = '' } = object.metadata;
      if (type === 'deleted') this.#zone.removeNamespace(name);
      else this.#zone.putNamespace(name);
      if (policies.size > 0) changed();
    });
    pods.onChange(({ type, object }) => {
      if (type === 'deleted' ? this.#pods.remove(object) : this.#pods.put(object)) changed();
    });
    policies.onChange(changed);
  }

  async #update(): Promise<void> {
    const { network, node, machineAddresses } = this.#options;
    const { services, slices, namespaces, policies } = this.#informers;
    const before = this.#ports;
    const ports = servicePortsOf(services.list(), slices.list(), node);
    const table = clusterTable(
      {
        ports,
        apiPods: this.#pods.withHostPorts(),
        policies: [...policies.list()],
        pods: this.#pods.policyPods(),
        others: this.#dns ? [dnsPeer(network)] : [],
        namespaces: namespaces.list(),
      },
      addressesOf(network, machineAddresses),
    );
    await this.#inside.apply(table);
    this.#ports = ports;
    await forgetFlows(this.#netns, staleUdpEndpoints(before, ports), this.#log);
    await this.#updateHost(ports);
    const isOwn = this.#options.host?.loadBalancerAddress === network.link.inner;
    await this.#balancers?.update(services.list(), (port) => isOwn || this.#mayExpose(port));
  }

  async #updateHost(ports: readonly ServicePort[]): Promise<void> {
    const { network, host } = this.#options;
    if (!host) return;
    const { allowed, api } = host;
    const wanted = wantedHostPorts(network, ports, hostPortsOf(this.#pods.withHostPorts()));
    this.#hostPorts = wanted.filter((port) => this.#mayExpose(port));
    const names = this.#dns ? [DNS_PORT] : [];
    const open = allowed && { tcp: [...allowed.tcp, ...names], udp: [...allowed.udp, ...names] };
    await this.#outside.apply(
      hostTable(network, {
        ports: this.#hostPorts,
        ...(open ? { allowed: open } : {}),
        ...(api ? { api } : {}),
        ...(this.#hostPods ? { hostPods: this.#hostPods } : {}),
      }),
    );
  }

  #mayExpose(wanted: ExposablePort): boolean {
    const { api, mayExpose = allButSsh } = this.#options.host ?? {};
    return (wanted.protocol !== 'tcp' || wanted.port !== api?.port) && mayExpose(wanted);
  }
}

type ExposablePort = Pick<HostPort, 'protocol' | 'port'>;

const allButSsh = ({ protocol, port }: ExposablePort): boolean => protocol !== 'tcp' || port !== 22;
