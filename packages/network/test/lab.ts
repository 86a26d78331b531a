import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../src/command.ts';
import {
  addressesOf,
  type ClusterNetwork,
  type CniFolders,
  clusterNetwork,
  clusterTable,
  ensureNetwork,
  freeIndex,
  installCni,
  listNetworks,
  removeCniNetwork,
  removeNetwork,
  sandboxNamespace,
  takenRanges,
  writeCniNetwork,
} from '../src/index.ts';
import { NftApplier } from '../src/nft/nft-applier.ts';

const TOOLS = [
  ...['nft', 'ip', 'nsenter', 'conntrack', 'iptables'],
  ...['/usr/lib/cni/bridge', '/usr/lib/cni/host-local'],
];

/** Why packets cannot be sent here; undefined: they can. In CI they must. */
export function whyNoLab(): string | undefined {
  const missing = TOOLS.filter(
    (tool) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${tool}`]).status !== 0,
  );
  let why: string | undefined;
  if (process.getuid?.() !== 0) why = 'it needs root';
  else if (missing.length > 0) why = `these are missing: ${missing.join(', ')}`;
  else if (spawnSync('unshare', ['--net', 'true']).status !== 0)
    why = 'network namespaces are not allowed here';
  if (why !== undefined && process.env.CI) throw new Error(`the network cannot be tested: ${why}`);
  if (why !== undefined) console.log(`Tests with real packets are left out: ${why}.`);
  return why;
}

/** A name for a network namespace by which a later run knows whose it was; at most 5 letters. */
export const labName = (name: string): string => `t-${name}-${process.pid}`;

/** Removes what runs that were killed have left. */
async function sweep(): Promise<void> {
  for (const name of await listNetworks()) {
    const pid = /^t-[a-z]+-(\d+)(?:-\d+)?$/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    // two runs may both do it
    await removeNetwork(name).catch(() => {});
    await run('nft', ['delete', 'table', 'ip', `sampan-${name}`]).catch(() => {});
  }
}

export interface LabPod {
  readonly name: string;
  readonly ip: string;
  readonly netns: string;
  /** Echoes on these ports `NAME CLIENT_ADDRESS`, TCP and UDP. */
  serve(...ports: number[]): Promise<void>;
  /** Answers HTTP on these ports (`web-server.ts`); the returned function kills it. */
  web(...ports: number[]): Promise<() => void>;
}

/** A real cluster network with pods that are namespaces without containers. */
export class Lab {
  readonly network: ClusterNetwork;
  readonly folders: CniFolders;
  readonly nft: NftApplier;
  readonly #folder: string;
  readonly #processes: ReturnType<typeof spawn>[] = [];
  readonly #pods = new Map<string, string>();
  #count = 0;

  private constructor(network: ClusterNetwork, folder: string, nft: NftApplier) {
    this.network = network;
    this.#folder = folder;
    this.folders = labFolders(folder);
    this.nft = nft;
  }

  static async create(name: string): Promise<Lab> {
    await sweep();
    const id = labName(name);
    // tests at the same time would find the same one free
    const index = freeIndex(await takenRanges(), 20 * (process.pid % 500));
    if (index === undefined) throw new Error('no network is free');
    const network = clusterNetwork({ name: id, index });
    const lab = new Lab(
      network,
      mkdtempSync(join(tmpdir(), 'sampan-lab-')),
      new NftApplier({ netns: `/run/netns/${id}` }),
    );
    try {
      await ensureNetwork(network);
      const nothing = { ports: [], apiPods: [], policies: [], pods: [], namespaces: [] };
      await lab.nft.apply(clusterTable(nothing, addressesOf(network)));
      await installCni(lab.folders);
      await writeCniNetwork(lab.folders, network);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  get netns(): string {
    return `/run/netns/${this.network.name}`;
  }

  async pod(name: string): Promise<LabPod> {
    const netns = `${this.network.name}-${this.#count++}`;
    await run('ip', ['netns', 'add', netns]);
    this.#pods.set(netns, name);
    await run('ip', ['-n', netns, 'link', 'set', 'lo', 'up']);
    const result = await this.cni('ADD', netns);
    const ip = (JSON.parse(result) as { ips: { address: string }[] }).ips[0]?.address.split('/')[0] ?? '';
    const path = `/run/netns/${netns}`;
    return {
      name,
      ip,
      netns: path,
      serve: (...ports) => this.serve(name, path, ports),
      web: (...ports) => this.#run('web-server.ts', name, path, ports),
    };
  }

  /** Runs the plug-in as containerd does. */
  cni(command: 'ADD' | 'DEL', netns: string, network = this.network.name): Promise<string> {
    const config = { cniVersion: '1.0.0', name: 'sampan', type: 'sampan-cni' };
    return run(join(this.folders.bin, 'sampan-cni'), [], {
      input: JSON.stringify(config),
      env: {
        CNI_COMMAND: command,
        CNI_CONTAINERID: netns,
        CNI_NETNS: `/run/netns/${netns}`,
        CNI_IFNAME: 'eth0',
        CNI_PATH: this.folders.bin,
        CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${sandboxNamespace(network, 'default')};K8S_POD_NAME=p`,
      },
    });
  }

  async serve(name: string, netns: string, ports: readonly number[]): Promise<void> {
    await this.#run('echo-server.ts', name, netns, ports);
  }

  async #run(script: string, name: string, netns: string, ports: readonly number[]): Promise<() => void> {
    const child = spawn(
      'nsenter',
      [
        `--net=${netns}`,
        '--',
        process.execPath,
        join(import.meta.dirname, script),
        name,
        ...ports.map(String),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#processes.push(child);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
    await promise;
    return () => child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    for (const child of this.#processes) child.kill('SIGKILL');
    for (const netns of this.#pods.keys()) {
      await this.cni('DEL', netns).catch(() => {});
      await run('ip', ['netns', 'delete', netns]).catch(() => {});
    }
    await removeNetwork(this.network.name);
    await removeCniNetwork(this.folders, this.network.name);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const labFolders = (folder: string): CniFolders => ({
  conf: join(folder, 'conf'),
  bin: join(folder, 'bin'),
  clusters: join(folder, 'clusters'),
  leases: join(folder, 'leases'),
});
