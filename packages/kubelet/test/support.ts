import { execFile } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { access, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { k8s } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import {
  buildImage,
  type Containerd,
  CriRuntime,
  findHandlers,
  ImagePuller,
  importImage,
  type NodeFacts,
  type PodEvent,
  type PodListener,
  type PodReport,
  PodRunner,
  type PodServices,
  startContainerd,
} from '../src/index.ts';

export const run = promisify(execFile);

/** What is missing to run containers here; empty: nothing. In CI it must not be missing. */
async function missingForContainers(): Promise<string> {
  const lacks = process.getuid?.() === 0 ? [] : ['root'];
  const folders = (process.env.PATH ?? '').split(':').concat('/usr/sbin', '/usr/lib/cni', '/opt/cni/bin');
  for (const name of ['containerd', 'ctr', 'runc', 'bridge', 'busybox', 'ip']) {
    const found = await Promise.all(
      folders.map((folder) =>
        access(join(folder, name)).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (!found.includes(true)) lacks.push(name);
  }
  return lacks.join(', ');
}

export const BUSYBOX = 'sampan.local/busybox:test';

/** A containerd with its own network in a temporary folder, and busybox in it. */
export class TestNode {
  readonly folder: string;
  containerd: Containerd;
  readonly runtime: CriRuntime;
  readonly bridge: string;
  readonly node: NodeFacts;

  private constructor(folder: string, containerd: Containerd, bridge: string) {
    this.folder = folder;
    this.containerd = containerd;
    this.bridge = bridge;
    this.runtime = new CriRuntime(containerd.socket);
    this.node = {
      hostIPs: ['192.0.2.1'],
      memoryBytes: 4 * 2 ** 30,
      allocatable: { cpu: '2', memory: '4Gi' },
      logFolder: `${folder}/logs`,
      podFolder: `${folder}/pods`,
      seccompFolder: `${folder}/seccomp`,
      cgroupRoot: `/sampan-test-${bridge}`,
      nodeDns: { servers: ['192.0.2.53'], searches: [], options: [] },
    };
  }

  static async start(): Promise<TestNode> {
    const folder = await mkdtemp(join(tmpdir(), 'kl'));
    const number = randomInt(10_000);
    const bridge = `klt${number}`;
    // one that is begun while the file `slow` is there takes its time
    const wait = `case " $* " in *" create "*) [ ! -e ${folder}/slow ] || sleep 3 ;; esac`;
    const traced = `#!/bin/sh\necho "$@" >>${folder}/traced\n${wait}\nexec runc "$@"\n`;
    await writeFile(`${folder}/traced-runc`, traced, { mode: 0o755 });
    const containerd = await startContainerd(await optionsIn(folder));
    await writeFile(
      `${folder}/cni/10-test.conflist`,
      conflist(folder, bridge, `10.${200 + (number % 50)}.${Math.floor(number / 50)}.0/24`),
    );
    const test = new TestNode(folder, containerd, bridge);
    await importImage(containerd.socket, buildImage(await busyboxPlan()));
    // the CRI reads a new network's configuration by an event of the file system
    while (!(await test.runtime.conditions()).networkReady) await pause(10);
    return test;
  }

  /** Starts containerd, or adopts the one that runs. */
  async startAgain(): Promise<Containerd> {
    this.containerd = await startContainerd(await optionsIn(this.folder));
    return this.containerd;
  }

  /** Ends every container, and all that was made on the machine. */
  async stop(): Promise<void> {
    this.runtime.close();
    await this.containerd.stop('end');
    await run('ip', ['link', 'delete', this.bridge]).catch(() => {});
    await rm(this.folder, { recursive: true, force: true });
    await removeCgroups(this.node.cgroupRoot);
  }

  services(more: Partial<PodServices> = {}): PodServices {
    return {
      runtime: this.runtime,
      images: new ImagePuller(this.runtime),
      node: this.node,
      clock: systemClock,
      logger: silentLogger,
      volumes: {
        update: () => {},
        prepare: async () => {},
        mounts: async () => [],
        devices: async () => [],
        release: async () => {},
        listen: () => () => {},
      },
      environment: async () => ({ configMap: () => undefined, secret: () => undefined, services: new Map() }),
      credentials: async () => undefined,
      handler: async ({ spec }) => spec?.runtimeClassName,
      timing: {
        restart: { initialMs: 300, maxMs: 600 },
        pull: { initialMs: 300, maxMs: 600 },
        mount: { initialMs: 300, maxMs: 600 },
        retryMs: 300,
      },
      ...more,
    };
  }
}

async function optionsIn(folder: string) {
  // a handler that leaves a trace of having been used
  const handlers = { ...(await findHandlers(`${folder}/handlers`)), traced: `${folder}/traced-runc` };
  return { folder: `${folder}/c`, cniConfFolder: `${folder}/cni`, handlers };
}

async function removeCgroups(path: string): Promise<void> {
  const roots = ['', ...(await readdir('/sys/fs/cgroup'))].map((name) => join('/sys/fs/cgroup', name, path));
  for (const root of roots) {
    const folders = await run('find', [root, '-depth', '-type', 'd']).catch(() => ({ stdout: '' }));
    for (const folder of folders.stdout.split('\n').filter(Boolean)) await rmdir(folder).catch(() => {});
  }
}

async function busyboxPlan() {
  const content = await readFile('/usr/bin/busybox');
  const links = [
    'sh',
    'cat',
    'sleep',
    'id',
    'env',
    'echo',
    'touch',
    'dd',
    'tail',
    'grep',
    'kill',
    'true',
    'hostname',
  ];
  return {
    name: BUSYBOX,
    files: [
      { path: 'bin/', mode: 0o755 },
      { path: 'bin/busybox', content, mode: 0o755 },
      ...links.map((name) => ({ path: `bin/${name}`, linkTo: 'busybox' })),
      { path: 'tmp/', mode: 0o1777 },
      { path: 'dev/', mode: 0o755 },
    ],
    env: ['PATH=/bin', 'FROM_IMAGE=yes'],
    command: ['/bin/sh'],
  };
}

function conflist(folder: string, bridge: string, subnet: string): string {
  const ipam = { type: 'host-local', dataDir: `${folder}/ipam`, ranges: [[{ subnet }]] };
  const plugins = [{ type: 'bridge', bridge, isGateway: true, hairpinMode: true, ipam }];
  return JSON.stringify({ cniVersion: '0.4.0', name: bridge, plugins });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** For the start of a test file: whether its tests can run here; in CI they must. */
export async function canRunContainers(): Promise<boolean> {
  const missing = await missingForContainers();
  if (missing === '') return true;
  if (process.env.CI) throw new Error(`in CI containers must run; missing: ${missing}`);
  console.log(`tests with real containers are left out here; missing: ${missing}`);
  return false;
}

/** A pod with what the API would have filled in. */
export function testPod(name: string, spec: k8s.PodSpec): k8s.Pod {
  const uid = randomUUID();
  return {
    metadata: { name, namespace: 'default', uid, generation: 1, labels: { app: name } },
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 5, ...spec },
  };
}

export function shell(name: string, script: string, more: Partial<k8s.Container> = {}): k8s.Container {
  return { name, image: BUSYBOX, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script], ...more };
}

/** Gathers what a runner tells. */
export class Reports implements PodListener {
  readonly #last = new Map<string, PodReport>();
  readonly #waiting = new Set<() => void>();
  /** All phases of a pod, in order. */
  readonly phases = new Map<string, string[]>();

  /** Of all pods, as `UID REASON MESSAGE`. */
  readonly events: string[] = [];

  event(uid: string, { reason, message }: PodEvent): void {
    this.events.push(`${uid} ${reason} ${message}`);
  }

  /** The reasons of a pod's events, in order. */
  reasons(pod: k8s.Pod): string[] {
    const uid = pod.metadata?.uid ?? '';
    return this.events.filter((line) => line.startsWith(uid)).map((line) => line.split(' ')[1] ?? '');
  }

  status(uid: string, report: PodReport): void {
    this.#last.set(uid, report);
    const phases = this.phases.get(uid) ?? [];
    if (phases.at(-1) !== report.status.phase) phases.push(report.status.phase ?? '');
    this.phases.set(uid, phases);
    for (const wake of this.#waiting) wake();
  }

  last(pod: k8s.Pod): PodReport | undefined {
    return this.#last.get(pod.metadata?.uid ?? '');
  }

  /** The first status that fits; fails after `timeoutMs`, telling the last one. */
  async until(pod: k8s.Pod, fits: (report: PodReport) => boolean, timeoutMs = 60_000): Promise<PodReport> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const report = this.last(pod);
      if (report && fits(report)) return report;
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`waited in vain; last: ${JSON.stringify(report, null, 1)}`);
      await this.#next(left);
    }
  }

  #next(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiting.add(wake);
    });
  }
}

export function startRunner(node: TestNode, reports: Reports, more: Partial<PodServices> = {}): PodRunner {
  return new PodRunner(node.services(more), reports);
}

export async function logOf(node: TestNode, pod: k8s.Pod, container: string, attempt = 0): Promise<string> {
  const { namespace, name, uid } = pod.metadata ?? {};
  const text = await readFile(
    `${node.node.logFolder}/${namespace}_${name}_${uid}/${container}/${attempt}.log`,
    'utf8',
  );
  return text.replace(/^\S+ (stdout|stderr) [FP] /gm, '');
}
