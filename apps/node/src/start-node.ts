import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Clock, type Logger, messageOf, SampanError, systemClock } from '@sampan/base';
import { type HomeLayout, lockNode, openLogFile, processIdentity, writeNodeState } from '@sampan/home';
import {
  Agent,
  type Containerd,
  CriRuntime,
  createAgentServer,
  DEFAULT_RESERVED,
  ensureNodeCertificate,
  type HostPolicy,
  keepContainerd,
  keepNodeCertificate,
  LogRotator,
  type Machine,
  NO_PRESSURE,
  type NodeFacts,
  type NodeIdentity,
  NodeLease,
  NodeRegistrar,
  nodeResources,
  nodeStatus,
  PodCgroups,
  parseHostPolicy,
  readMachine,
  readNodeCertificate,
  Stats,
  startContainerd,
  statsReports,
} from '@sampan/kubelet';
import { HttpClient, REFS } from '@sampan/machinery';
import {
  type ClusterNetwork,
  type RunningIngress,
  type RunningNetwork,
  sandboxNamespace,
} from '@sampan/network';
import { apiAddress, componentConnection, nodeConnection } from './api-connection.ts';
import { containerdOptions } from './containerd-options.ts';
import { machineAddress, machineDns } from './machine-network.ts';
import { forgetLeftLogs, type WatchedPressure, watchPressure } from './node-pressure.ts';
import type { NodeOptions } from './options.ts';
import { serveIngress } from './pod-ingress.ts';
import {
  cgroupRoot,
  cniFolders,
  dialAddress,
  followNetwork,
  hostClusterNetwork,
  makeNetwork,
  releaseAddresses,
} from './pod-network.ts';
import { openVolumes, removeLeftVolumes, startProvisioner } from './pod-volumes.ts';
import { openNodeHome, prepareFolders } from './prepare-folders.ts';
import { NODE_VERSION, SAMPAN_VERSION } from './version.ts';

export interface RunningNode {
  readonly log: Logger;
  /** Stops the process's work; containers and containerd run on. May be called twice. */
  stop(): Promise<void>;
}

const MAX_PODS = 110;
const DNS_SERVICE_IP = '10.96.0.10';
const DOMAIN = 'cluster.local';

/** What is taken in order and given back in reverse. */
class Releases {
  readonly #tasks: (() => unknown)[] = [];
  #running: Promise<void> | undefined;

  add(task: () => unknown): void {
    this.#tasks.push(task);
  }

  /** May be called twice. */
  run(): Promise<void> {
    this.#running ??= (async () => {
      for (const task of this.#tasks.splice(0).reverse()) await task();
    })();
    return this.#running;
  }
}

/** Starts the node of a home; resolves when the API knows it and its pods are being run. Throws SampanErrors. */
export async function startNode(options: NodeOptions, signal: AbortSignal): Promise<RunningNode> {
  const home = openNodeHome(options.home);
  prepareFolders(home);
  const releases = new Releases();
  try {
    releases.add(lockNode(home));
    const log = openLogFile(home.node.log, { echo: options.foreground });
    releases.add(() => log.close());
    const starting = new NodeStart(home, log, releases, signal);
    await starting.run();
    log.info('ready', { version: SAMPAN_VERSION });
    return { log, stop: () => releases.run() };
  } catch (error) {
    await releases.run();
    throw error;
  }
}

/** One start: each step uses what those before it made. */
class NodeStart {
  readonly #home: HomeLayout;
  readonly #log: Logger;
  readonly #releases: Releases;
  readonly #signal: AbortSignal;
  readonly #clock: Clock = systemClock;
  readonly #node = nodeName();
  readonly #handlers = ['runc'];
  #pressure: WatchedPressure | undefined;
  #registrar: NodeRegistrar | undefined;

  constructor(home: HomeLayout, log: Logger, releases: Releases, signal: AbortSignal) {
    this.#home = home;
    this.#log = log;
    this.#releases = releases;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const home = this.#home;
    this.#writeState('starting');
    const network = await hostClusterNetwork(home);
    const folders = cniFolders(home, network);
    const [containerd, client, address, machine, nodeDns] = await Promise.all([
      this.#startContainerd(),
      this.#connect(),
      machineAddress(),
      readMachine(home.node.root),
      machineDns(),
      makeNetwork(folders, network),
    ]);
    const nodeAddress = address ?? network.link.host;
    const runtime = new CriRuntime(containerd.socket);
    this.#releases.add(() => runtime.close());
    await releaseAddresses(folders, network, await runtime.listSandboxes(), this.#log);
    const following = await this.#followNetwork(network, nodeAddress);
    const facts = this.#facts(network, nodeAddress, machine, nodeDns);
    const policy = await readPolicy(home);
    const { volumes, local, close } = openVolumes({
      home,
      client,
      facts,
      policy,
      clock: this.#clock,
      log: this.#log,
    });
    this.#releases.add(close);
    const agent = new Agent({
      client,
      clock: this.#clock,
      log: this.#log,
      node: this.#node,
      runtime,
      facts,
      volumes,
      cgroups: await PodCgroups.open({ node: facts, logger: this.#log }),
      address: (_, host) => dialAddress(network, host),
      connected: (pod, ip) => following.attach(pod as never, ip),
      policy,
      handlers: this.#handlers,
      shortage: (pod) => this.#pressure?.eviction.admit(pod),
      staticPods: home.node.staticPods,
      credentialsFile: home.node.credentials,
    });
    this.#releases.add(() => agent.stop());
    await this.#register(client, runtime, nodeAddress, machine, network);
    await following.synced;
    this.#releases.add(
      startProvisioner({ home, node: this.#node, volumes: local, clock: this.#clock, log: this.#log }),
    );
    await agent.start();
    await this.#serve(agent, facts, runtime);
    await removeLeftVolumes(volumes, agent, runtime, this.#log);
    await forgetLeftLogs({ home, agent, runtime, log: this.#log });
    this.#signal.throwIfAborted();
    this.#writeState('ready');
  }

  /** Shows the server process, and nobody else, what runs here; and keeps the logs of it small. */
  async #serve(agent: Agent, facts: NodeFacts, runtime: CriRuntime): Promise<void> {
    const { node } = this.#home;
    const stats = new Stats({
      node: this.#node,
      clock: this.#clock,
      runtime,
      facts,
      pods: () => agent.pods(),
      imageFolder: node.containerd,
    });
    const server = await createAgentServer({
      socket: node.socket,
      // the group of the server's user
      group: statSync(node.root).gid,
      pods: agent,
      runtime,
      log: this.#log,
      logsFolder: node.podLogs,
      reports: statsReports(stats, this.#node, this.#log),
    });
    this.#releases.add(() => server.close());
    this.#watchPressure(agent, runtime, stats);
    const rotator = new LogRotator({ folder: node.podLogs, runtime, clock: this.#clock, log: this.#log });
    rotator.start();
    this.#releases.add(() => rotator.stop());
  }

  #watchPressure(agent: Agent, runtime: CriRuntime, stats: Stats): void {
    const home = this.#home;
    const pressure = watchPressure({
      ...{ home, agent, runtime, stats },
      ...{ clock: this.#clock, log: this.#log },
      changed: () => this.#registrar?.changed(),
    });
    this.#pressure = pressure;
    this.#releases.add(() => pressure.stop());
  }

  async #startContainerd(): Promise<Containerd> {
    const options = await containerdOptions(this.#home);
    this.#handlers.push(...Object.keys(options.handlers));
    const containerd = await startContainerd(options);
    this.#releases.add(keepContainerd(containerd, options, { clock: this.#clock, log: this.#log }));
    return containerd;
  }

  /** As the node: its certificate is asked for with the bootstrap one. */
  async #connect(): Promise<HttpClient> {
    const options = { folder: this.#home.node.pki, node: this.#node, clock: this.#clock, log: this.#log };
    let identity = await readNodeCertificate(options);
    if (!identity) {
      const bootstrap = new HttpClient(componentConnection(this.#home, 'node-bootstrap'), {
        name: 'kubelet',
      });
      try {
        identity = await ensureNodeCertificate(bootstrap, options);
      } finally {
        bootstrap.close();
      }
    }
    const client = new HttpClient(nodeConnection(this.#home, identity), { name: 'kubelet' });
    this.#releases.add(() => client.close());
    const renew = (next: NodeIdentity) => client.renew({ cert: next.certificate, key: next.key });
    this.#releases.add(keepNodeCertificate(client, identity, options, renew));
    return client;
  }

  async #followNetwork(network: ClusterNetwork, address: string): Promise<RunningNetwork> {
    const client = new HttpClient(componentConnection(this.#home, 'network'), { name: 'sampan-network' });
    this.#releases.add(() => client.close());
    const ingress: { running?: RunningIngress } = {};
    const following = await followNetwork({
      client,
      network,
      node: this.#node,
      address,
      api: apiAddress(this.#home),
      isKept: (port) => Object.values(ingress.running?.ports ?? {}).includes(port),
      log: this.#log,
    });
    this.#releases.add(() => following.stop());
    const isTaken = (port: number) => following.leadsIn(port);
    ingress.running = serveIngress({ home: this.#home, network, isTaken, log: this.#log });
    this.#releases.add(() => ingress.running?.stop('leave'));
    return following;
  }

  #facts(
    network: ClusterNetwork,
    address: string,
    machine: Machine,
    nodeDns: NodeFacts['nodeDns'],
  ): NodeFacts {
    const { node } = this.#home;
    const { allocatable } = nodeResources({ machine, reserved: DEFAULT_RESERVED, maxPods: MAX_PODS });
    return {
      hostIPs: [address],
      memoryBytes: machine.memoryBytes,
      allocatable,
      logFolder: node.podLogs,
      podFolder: node.pods,
      seccompFolder: node.seccomp,
      cgroupRoot: cgroupRoot(network),
      clusterDns: { servers: [DNS_SERVICE_IP], domain: DOMAIN },
      sandboxNamespace: (namespace) => sandboxNamespace(network.name, namespace),
      nodeDns,
    };
  }

  async #register(
    client: HttpClient,
    runtime: CriRuntime,
    address: string,
    machine: Machine,
    network: ClusterNetwork,
  ): Promise<void> {
    const version = await runtime.version();
    const registrar = new NodeRegistrar({
      client,
      clock: this.#clock,
      log: this.#log,
      name: this.#node,
      labels: labelsOf(this.#node, machine),
      podCidr: network.podRange,
      status: async (previous) =>
        nodeStatus({
          machine,
          addresses: [
            { type: 'InternalIP', address },
            { type: 'Hostname', address: this.#node },
          ],
          runtime: version,
          version: NODE_VERSION,
          conditions: await runtime.conditions().catch((error: unknown) => ({
            ready: false,
            networkReady: false,
            message: `the container runtime does not answer: ${messageOf(error)}`,
          })),
          pressure: this.#pressure?.eviction.pressure ?? NO_PRESSURE,
          images: await runtime.listImages().catch(() => []),
          reserved: DEFAULT_RESERVED,
          maxPods: MAX_PODS,
          handlers: ['', ...this.#handlers],
          previous,
          now: this.#clock.now(),
        }),
    });
    this.#registrar = registrar;
    this.#releases.add(() => registrar.stop());
    await registrar.start();
    const { metadata } = await client.get(REFS.nodes, undefined, this.#node);
    const { clock } = this;
    const lease = new NodeLease({ client, clock, log: this.#log, node: this.#node, uid: metadata.uid ?? '' });
    lease.start();
    this.#releases.add(() => lease.stop());
  }

  get clock(): Clock {
    return this.#clock;
  }

  #writeState(state: 'starting' | 'ready'): void {
    writeNodeState(this.#home, {
      pid: process.pid,
      identity: processIdentity(process.pid),
      state,
      version: SAMPAN_VERSION,
      startedAt: Date.now(),
    });
  }
}

/** The machine's name, as upstream's kubelet takes it (a DNS-1123 subdomain). Throws `node-name`. */
function nodeName(): string {
  const name = hostname().trim().toLowerCase();
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return name;
  throw new SampanError('node-name', `The machine's name ${JSON.stringify(name)} cannot be a node's.`, {
    hint: 'Give it one of small letters, digits and hyphens: hostnamectl set-hostname NAME',
  });
}

function labelsOf(name: string, { architecture }: Machine): Record<string, string> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': architecture,
  };
}

/** What the machine's owner allows the host cluster. Throws `host-policy-invalid`. */
async function readPolicy({ node }: HomeLayout): Promise<HostPolicy> {
  const text = await readFile(node.policy, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return parseHostPolicy(text, 'host');
}
