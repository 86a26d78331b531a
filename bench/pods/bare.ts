/** What the runtime alone costs: the CRI calls of a pod, on the containerd and the network of the home. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { CriRuntime, type SandboxConfig } from '@sampan/kubelet';

const UNCONFINED = { type: 'RuntimeDefault' } as const;

export class BarePods {
  readonly #runtime: CriRuntime;
  readonly #folder: string;
  readonly #network: string;
  readonly #image: string;
  readonly #sandboxes: string[] = [];

  /** `network`: the name of the home's cluster network. */
  constructor(options: { socket: string; folder: string; network: string; image: string }) {
    this.#runtime = new CriRuntime(options.socket);
    this.#folder = options.folder;
    this.#network = options.network;
    this.#image = options.image;
  }

  /** Milliseconds until a pod with one container runs. */
  async start(): Promise<number> {
    const began = performance.now();
    const name = `bare-${randomUUID()}`;
    const logFolder = join(this.#folder, name);
    await mkdir(logFolder, { recursive: true });
    const sandbox = this.#sandbox(name, logFolder);
    const id = await this.#runtime.runSandbox(sandbox);
    this.#sandboxes.push(id);
    const container = await this.#runtime.createContainer(
      id,
      {
        name: 'c',
        attempt: 0,
        image: this.#image,
        userImage: this.#image,
        ...{ command: ['sleep', '100000'], args: [], workingDir: '', env: [], mounts: [], devices: [] },
        ...{ labels: {}, annotations: {}, logPath: '0.log', stdin: false, stdinOnce: false, tty: false },
        resources: { cpuShares: 2 },
        security: {
          ...{ privileged: false, supplementalGroups: [], addCapabilities: [], dropCapabilities: [] },
          ...{ readOnlyRootFilesystem: false, noNewPrivileges: false, seccomp: UNCONFINED },
          ...{ network: 'pod', pid: 'container', ipc: 'pod', maskedPaths: [], readonlyPaths: [] },
        },
      },
      sandbox,
    );
    await this.#runtime.startContainer(container);
    return performance.now() - began;
  }

  async removeAll(): Promise<void> {
    for (const id of this.#sandboxes.splice(0)) {
      await this.#runtime.stopSandbox(id);
      await this.#runtime.removeSandbox(id);
    }
  }

  close(): void {
    this.#runtime.close();
  }

  #sandbox(name: string, logFolder: string): SandboxConfig {
    return {
      name,
      namespace: `${this.#network}_bench`,
      uid: name,
      attempt: 0,
      ...{ labels: {}, annotations: {}, hostname: name.slice(0, 60), logFolder, hostPorts: [], sysctls: {} },
      cgroupParent: `/sampan-${this.#network}/bench`,
      ...{ network: 'pod', pid: 'pod', ipc: 'pod' },
      security: { privileged: false, supplementalGroups: [], seccomp: UNCONFINED },
    };
  }
}
