/**
 * Another machine with upstream's kubelet 1.20.2 and a containerd of its own, in namespaces of this one: a network with
 * its own address and host name, mounts, processes. As root; needs Debian's containerd, runc, containernetworking-plugins.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { upstreamProgram } from './cache.ts';

/** A machine that has not joined yet. `stop` removes all of it, and may be called twice. */
export interface JoinedMachine {
  /** Its host name, and so its node's. */
  readonly name: string;
  /** Its only address. */
  readonly address: string;
  /** Of this machine, as that one reaches it. */
  readonly hostAddress: string;
  /** Of its containerd, for images. */
  readonly containerd: string;
  /** Types a script there, as root; what follows is in `log`. */
  join(script: string): void;
  log(): string;
  stop(): Promise<void>;
}

const CGROUPS = '/sys/fs/cgroup';
/** What a kubelet sets on the machine as a whole (kubernetes pkg/kubelet/cm setupKernelTunables). */
const SYSCTLS = ['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops'].map(
  (name) => `/proc/sys/${name}`,
);

/** `pauseImage`: in its containerd before it joins. */
export async function startMachine(pauseImage: string): Promise<JoinedMachine> {
  const id = randomBytes(3).toString('hex');
  const name = `joined-${id}`;
  const folder = mkdtempSync(join(tmpdir(), 'sampan-joined-'));
  const [low = 0, high = 0] = randomBytes(2);
  // of the range for tests between networks (RFC 2544)
  const network = `198.${18 + (high & 1)}.${low}`;
  const [hostAddress, address] = [`${network}.1`, `${network}.2`];
  const sysctls = SYSCTLS.filter((file) => existsSync(file)).map(
    (file) => [file, readFileSync(file)] as const,
  );
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const stop = async (): Promise<void> => {
    child?.kill('SIGKILL');
    await ended;
    spawnSync('ip', ['link', 'delete', name]);
    spawnSync('ip', ['netns', 'delete', name]);
    await removeCgroups(name);
    for (const [file, value] of sysctls) if (!readFileSync(file).equals(value)) writeFileSync(file, value);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    makeNetwork(name, hostAddress, address);
    makeCgroups(name);
    writeFiles(folder, name, pauseImage);
    child = spawn(
      'nsenter',
      [
        `--net=/run/netns/${name}`,
        ...['unshare', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc'],
        ...['sh', join(import.meta.dirname, 'joined-machine.sh'), folder, name],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    ended = new Promise((resolve) => child?.once('exit', resolve));
    const containerd = join(folder, 'containerd.sock');
    await untilThere(containerd, child);
    return {
      ...{ name, address, hostAddress, containerd },
      join(script) {
        writeFileSync(join(folder, 'join.tmp'), script);
        renameSync(join(folder, 'join.tmp'), join(folder, 'join.sh'));
      },
      log: () => readFileSync(join(folder, 'kubelet.log'), 'utf8'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

function makeNetwork(name: string, host: string, inner: string): void {
  run('ip', 'netns', 'add', name);
  run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  run('ip', 'address', 'add', `${host}/24`, 'dev', name);
  run('ip', 'link', 'set', name, 'up');
  run('ip', '-n', name, 'link', 'set', 'lo', 'up');
  run('ip', '-n', name, 'address', 'add', `${inner}/24`, 'dev', 'eth0');
  run('ip', '-n', name, 'link', 'set', 'eth0', 'up');
  run('ip', '-n', name, 'route', 'add', 'default', 'via', host);
}

/** Of each hierarchy the place below which the kubelet may make its own. */
const cgroupFolders = (name: string): string[] => {
  const isUnified = existsSync(join(CGROUPS, 'cgroup.controllers'));
  return (isUnified ? [''] : readdirSync(CGROUPS)).map((root) => join(CGROUPS, root, name));
};

function makeCgroups(name: string): void {
  for (const folder of cgroupFolders(name)) {
    mkdirSync(folder, { recursive: true });
    // a new one of cpuset has no processors, and nothing could run there
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (existsSync(join(folder, file)) && existsSync(join(folder, '../cgroup.clone_children')))
        writeFileSync(join(folder, file), readFileSync(join(folder, '..', file)));
  }
}

/** Its processes are gone, or about to. */
async function removeCgroups(name: string): Promise<void> {
  for (const folder of cgroupFolders(name))
    for (let tries = 0; existsSync(folder) && tries < 50; tries++) {
      spawnSync('find', [folder, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+']);
      if (existsSync(folder)) await sleep(100);
    }
}

function writeFiles(folder: string, name: string, pauseImage: string): void {
  for (const each of ['bin', 'cni']) mkdirSync(join(folder, each));
  writeFileSync(
    join(folder, 'bin/kubelet'),
    `#!/bin/sh
exec ${upstreamProgram('kubernetes', 'kubelet')} --container-runtime=remote \\
  --container-runtime-endpoint=unix://${folder}/containerd.sock --pod-infra-container-image=${pauseImage} \\
  --cgroup-root=/${name} "$@"
`,
    { mode: 0o755 },
  );
  writeFileSync(
    join(folder, 'cni/10-bridge.conflist'),
    JSON.stringify({
      cniVersion: '0.4.0',
      name: 'joined',
      plugins: [
        {
          type: 'bridge',
          bridge: 'cni0',
          isGateway: true,
          ipam: {
            type: 'host-local',
            dataDir: join(folder, 'ipam'),
            ranges: [[{ subnet: '10.245.0.0/24' }]],
          },
        },
      ],
    }),
  );
  writeFileSync(
    join(folder, 'containerd.toml'),
    `version = 2
root = "${folder}/containerd"
state = "${folder}/containerd-state"
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
`,
  );
}

async function untilThere(socket: string, child: ChildProcess): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    if (existsSync(socket)) return;
    if (child.exitCode !== null) break;
  }
  throw new Error('the containerd of the machine that joins does not start');
}
