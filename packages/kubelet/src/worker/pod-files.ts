import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { k8s } from '@sampan/api';
import { CgroupTree } from '../cgroups/cgroup-tree.ts';
import { hostsFile, nodeHostsFile } from '../pods/hosts-file.ts';
import type { NodeFacts } from '../pods/node-facts.ts';
import type { PodContainer } from '../pods/pod-view.ts';
import { podDomainName, podHostname, podLogFolder, possiblePodCgroups } from '../pods/sandbox-config.ts';
import type { Mount } from '../runtime/index.ts';
import { removeTree } from '../volumes/mounts.ts';

/** A termination message has at most this many bytes; from a log at most 2048 and 80 lines (pod API docs). */
const MESSAGE_BYTES = 4096;
const LOG_BYTES = 2048;
const LOG_LINES = 80;

/** The agent's own files of one pod, in a folder of the pod's uid. */
export class PodFiles {
  readonly #node: NodeFacts;
  readonly #folder: string;

  constructor(uid: string, node: NodeFacts) {
    this.#node = node;
    this.#folder = `${node.podFolder}/${uid}`;
  }

  async makeLogFolder(pod: k8s.Pod, container?: string): Promise<void> {
    const folder = podLogFolder(pod, this.#node.logFolder);
    await mkdir(container === undefined ? folder : `${folder}/${container}`, {
      recursive: true,
      mode: 0o755,
    });
  }

  /** The files of one start of a container that are mounted into it. */
  async mounts(
    pod: k8s.Pod,
    container: k8s.Container,
    attempt: number,
    ips: readonly string[],
  ): Promise<Mount[]> {
    const mounts: Mount[] = [];
    if (!mountsAt(container, '/etc/hosts')) mounts.push(writable(await this.#hosts(pod, ips), '/etc/hosts'));
    const path = container.terminationMessagePath || '/dev/termination-log';
    if (!mountsAt(container, path))
      mounts.push(writable(await this.#terminationFile(container.name, attempt), path));
    return mounts;
  }

  async #hosts(pod: k8s.Pod, ips: readonly string[]): Promise<string> {
    const { hostAliases = [], hostNetwork } = pod.spec ?? {};
    const zone = podDomainName(pod, this.#node)?.slice(podHostname(pod).length + 1) ?? '';
    const path = `${this.#folder}/etc-hosts`;
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    const text = hostNetwork
      ? nodeHostsFile(await readFile('/etc/hosts', 'utf8'), hostAliases)
      : hostsFile(ips, podHostname(pod), zone, hostAliases);
    await writeFile(path, text, { mode: 0o644 });
    return path;
  }

  /** Anyone in the container may write it, whoever it runs as. */
  async #terminationFile(container: string, attempt: number): Promise<string> {
    const path = this.#terminationPath(container, attempt);
    await mkdir(`${this.#folder}/containers/${container}`, { recursive: true, mode: 0o750 });
    const file = await open(path, 'w');
    try {
      await file.chmod(0o666);
    } finally {
      await file.close();
    }
    return path;
  }

  /** What was written of the pod's resources; undefined: nothing. */
  async readResources(): Promise<string | undefined> {
    return readFile(this.#resourcesPath(), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  }

  async writeResources(text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    await writeFile(`${this.#resourcesPath()}.new`, text, { mode: 0o640 });
    await rename(`${this.#resourcesPath()}.new`, this.#resourcesPath());
  }

  #resourcesPath(): string {
    return `${this.#folder}/resources.json`;
  }

  #terminationPath(container: string, attempt: number): string {
    return `${this.#folder}/containers/${container}/${attempt}`;
  }

  /** What a container that ended left to say (kubelet getTerminationMessage). */
  async terminationMessage(container: PodContainer): Promise<string> {
    const text = await readPart(
      this.#terminationPath(container.name, container.attempt),
      MESSAGE_BYTES,
      'head',
    );
    const policy = container.annotations['io.kubernetes.container.terminationMessagePolicy'];
    if (text !== '' || policy !== 'FallbackToLogsOnError' || container.exitCode === 0) return text;
    const log = await readPart(container.logPath, 4 * LOG_BYTES, 'tail');
    return logText(log).slice(-LOG_BYTES);
  }

  /** Forgets one container's log and message. */
  async removeContainer(container: PodContainer): Promise<void> {
    await rm(this.#terminationPath(container.name, container.attempt), { force: true });
    if (container.logPath !== '') await rm(container.logPath, { force: true });
  }

  /** Forgets all; also the pod's cgroup, which the runtime leaves. May be called twice. */
  async removeAll(pod: k8s.Pod): Promise<void> {
    await removeTree(this.#folder);
    await rm(podLogFolder(pod, this.#node.logFolder), { recursive: true, force: true });
    const cgroups = possiblePodCgroups(pod.metadata?.uid ?? '', this.#node.cgroupRoot);
    const tree = await CgroupTree.open();
    await Promise.all(cgroups.map((path) => tree.remove(path)));
  }
}

function writable(hostPath: string, containerPath: string): Mount {
  return { hostPath, containerPath, readOnly: false, propagation: 'private' };
}

function mountsAt(container: k8s.Container, path: string): boolean {
  return (container.volumeMounts ?? []).some(({ mountPath }) => mountPath === path);
}

async function readPart(path: string, bytes: number, part: 'head' | 'tail'): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const buffer = Buffer.alloc(length);
    await file.read(buffer, 0, length, part === 'head' ? 0 : size - length);
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}

/** The last lines of a CRI log, without time, stream and tag. */
function logText(log: string): string {
  const lines = log.split('\n').filter((line) => /^\S+ (stdout|stderr) [FP] /.test(line));
  return lines
    .slice(-LOG_LINES)
    .map((line) =>
      line.replace(/^\S+ \S+ ([FP]) (.*)$/s, (_, tag: string, text: string) =>
        tag === 'F' ? `${text}\n` : text,
      ),
    )
    .join('');
}
