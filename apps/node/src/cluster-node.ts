import { statSync } from 'node:fs';
import type { k8s } from '@sampan/api';
import {
  Agent,
  allowedHandler,
  type CriRuntime,
  createAgentServer,
  LogRotator,
  NO_PRESSURE,
  type NodeFacts,
  nodeResources,
  PodCgroups,
  readIsolation,
  Stats,
  statsReports,
} from '@sampan/kubelet';
import { HttpClient } from '@sampan/machinery';
import {
  dnsAddressOf,
  nodeArrival,
  type RunningIngress,
  type RunningNetwork,
  sandboxNamespace,
} from '@sampan/network';
import type { ClusterPlace } from './cluster-place.ts';
import { connectNode } from './connect-node.ts';
import { guestProcesses } from './guest-processes.ts';
import type { MachinePart } from './machine-part.ts';
import { milliCpusOf, type NodeBounds, nodeBounds } from './node-bounds.ts';
import { forgetLeftLogs, readReclaimSettings, type WatchedPressure, watchPressure } from './node-pressure.ts';
import { serveIngress } from './pod-ingress.ts';
import {
  cgroupRoot,
  cniFolders,
  dialAddress,
  followNetwork,
  makeNetwork,
  releaseAddresses,
} from './pod-network.ts';
import { openVolumes, removeLeftVolumes, startProvisioner } from './pod-volumes.ts';
import { type RegisteredNode, registerNode } from './register-node.ts';
import { Releases } from './releases.ts';

const DOMAIN = 'cluster.local';
/** On what containerd holds: whose it is. */
export const CLUSTER_LABEL = 'sampan.dev/cluster';

/** A cluster whose pods run on this machine. */
export interface ClusterNode {
  readonly agent: Agent;
  /** Stops working for it; its containers run on. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Runs the pods of a cluster; resolves when its API knows the node and its pods are being run. `signal` gives that up: an
 * API that went away meanwhile is waited for without end. Throws SampanErrors, and the signal's reason.
 */
export async function startClusterNode(
  part: MachinePart,
  place: ClusterPlace,
  signal: AbortSignal = new AbortController().signal,
): Promise<ClusterNode> {
  const releases = new Releases();
  try {
    const start = new ClusterNodeStart(part, place, releases, signal);
    const agent = await Promise.race([start.run(), givenUp(signal)]);
    return { agent, stop: () => releases.run() };
  } catch (error) {
    await releases.run();
    throw error;
  }
}

const givenUp = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** One start: each step uses what those before it made. */
class ClusterNodeStart {
  readonly #part: MachinePart;
  readonly #place: ClusterPlace;
  readonly #releases: Releases;
  readonly #signal: AbortSignal;
  /** The node's, as its pods see it. */
  readonly #address: string;
  /** What of the runtime is this cluster's. */
  readonly #runtime: CriRuntime;
  /** What of the machine it may use. */
  readonly #bounds: NodeBounds;
  #pressure: WatchedPressure | undefined;
  #registered: RegisteredNode | undefined;

  constructor(part: MachinePart, place: ClusterPlace, releases: Releases, signal: AbortSignal) {
    this.#signal = signal;
    this.#part = part;
    this.#place = place;
    this.#releases = releases;
    const { network, isHost } = place;
    this.#address = isHost ? (part.address ?? network.link.host) : network.gateway;
    this.#bounds = nodeBounds(part.machine, place.quota);
    this.#runtime = part.runtime.scoped({ [CLUSTER_LABEL]: place.name });
  }

  async run(): Promise<Agent> {
    const { home, clock, log, node, handlers } = this.#part;
    const { network, policy, folders, isHost } = this.#place;
    const runtime = this.#runtime;
    const cni = cniFolders(home, network);
    const [client] = await Promise.all([
      connectNode(this.#part, this.#place, this.#releases),
      makeNetwork(cni, network),
    ]);
    await releaseAddresses(cni, network, await this.#part.runtime.listSandboxes(), log);
    const following = await this.#followNetwork();
    const facts = { ...this.#facts(), ...(await readIsolation()) };
    const { volumes, local, close } = openVolumes({ ...this.#part, folders, client, facts, policy });
    this.#releases.add(close);
    const agent = new Agent({
      ...{ client, clock, log, node, runtime, facts, volumes, policy, handlers },
      cgroups: await PodCgroups.open({
        ...{ node: facts, logger: log, ...milliCpusOf(this.#bounds, this.#part) },
        ...(isHost ? {} : { allPids: await guestProcesses() }),
      }),
      address: (_, host) => dialAddress(this.#place, host),
      connected: (pod, ip) => following.attach(pod as never, ip),
      shortage: (pod) => this.#pressure?.eviction.admit(pod),
      ...(folders.staticPods === undefined ? {} : { staticPods: folders.staticPods }),
      credentialsFile: folders.credentials,
      pulledImages: this.#part.pulledImages,
    });
    this.#releases.add(() => agent.stop());
    const registered = await registerNode({
      ...{ part: this.#part, client, network, addresses: this.#addresses(), bounds: this.#bounds },
      // what others fetched is not for guests to see
      showsImages: this.#place.isHost,
      // who holds guests knows itself that this machine is there
      hasLease: this.#place.isHost,
      pressure: () => this.#pressure?.eviction.pressure ?? NO_PRESSURE,
    });
    this.#registered = registered;
    this.#releases.add(() => registered.stop());
    agent.followNode((object) => registered.observed(object));
    await following.synced;
    this.#signal.throwIfAborted();
    this.#releases.add(startProvisioner({ place: this.#place, node, volumes: local, clock, log }));
    await agent.start();
    this.#signal.throwIfAborted();
    await this.#serve(agent, facts);
    await removeLeftVolumes(volumes, agent, runtime, log);
    await forgetLeftLogs({ folders, agent, runtime, log });
    return agent;
  }

  /** Shows the server process, and nobody else, what runs here; and keeps the logs of it small. */
  async #serve(agent: Agent, facts: NodeFacts): Promise<void> {
    const { home, clock, log, node, guestEvictions } = this.#part;
    const { folders, isHost } = this.#place;
    const runtime = this.#runtime;
    const imageFolder = home.node.containerd;
    const ownKernel = allowedHandler(undefined, this.#place.policy) !== 'runc';
    const pods = () => agent.pods();
    const stats = new Stats({ node, clock, runtime, facts, imageFolder, ownKernel, pods });
    const server = await createAgentServer({
      socket: folders.socket,
      // the group of the server's user
      group: statSync(home.node.root).gid,
      pods: agent,
      runtime,
      log,
      logsFolder: folders.podLogs,
      reports: statsReports(stats, node, log),
    });
    this.#releases.add(() => server.close());
    const rotator = new LogRotator({ folder: folders.podLogs, runtime, clock, log });
    rotator.start();
    this.#releases.add(() => rotator.stop());
    const pressure = watchPressure({
      ownsImages: isHost,
      ...{ home, agent, runtime: this.#part.runtime, stats, clock, log },
      settings: await readReclaimSettings(home),
      changed: () => this.#registered?.changed(),
      // what people lend to others goes before what is their own
      yields: () => isHost && [...guestEvictions].some(({ hasVictims }) => hasVictims),
    });
    this.#pressure = pressure;
    if (!isHost) {
      guestEvictions.add(pressure.eviction);
      this.#releases.add(() => guestEvictions.delete(pressure.eviction));
    }
    this.#releases.add(() => pressure.stop());
  }

  async #followNetwork(): Promise<RunningNetwork> {
    const { node, log } = this.#part;
    const { network, api, isHost } = this.#place;
    const client = new HttpClient(this.#place.connection('network'), { name: 'sampan-network' });
    this.#releases.add(() => client.close());
    const ingress: { running?: RunningIngress } = {};
    const following = await followNetwork({
      ...{ client, network, node, api, isHost, log },
      address: this.#address,
      isKept: (port) => Object.values(ingress.running?.ports ?? {}).includes(port),
    });
    this.#releases.add(() => following.stop());
    if (!isHost) return following;
    const isTaken = (port: number) => following.leadsIn(port);
    ingress.running = serveIngress({ place: this.#place, isTaken, log });
    this.#releases.add(() => ingress.running?.stop('leave'));
    return following;
  }

  /** A guest's NodePorts are at an address of its own, which only this machine reaches. */
  #addresses(): k8s.NodeAddress[] {
    const { network, isHost } = this.#place;
    const own = { type: 'InternalIP', address: this.#address };
    return isHost ? [own] : [own, { type: 'ExternalIP', address: nodeArrival(network) }];
  }

  #facts(): NodeFacts {
    const { machine, dns } = this.#part;
    const { network, folders } = this.#place;
    const { allocatable } = nodeResources(this.#bounds);
    return {
      hostIPs: [this.#address],
      memoryBytes: machine.memoryBytes,
      allocatable,
      logFolder: folders.podLogs,
      podFolder: folders.pods,
      seccompFolder: folders.seccomp,
      cgroupRoot: cgroupRoot(network),
      clusterDns: { servers: [dnsAddressOf(network)], domain: DOMAIN },
      sandboxNamespace: (namespace) => sandboxNamespace(network.name, namespace),
      nodeDns: dns,
    };
  }
}
