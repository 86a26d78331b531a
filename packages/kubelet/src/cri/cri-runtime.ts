import type { CriCalls } from '../generated/cri.ts';
import { GrpcChannel } from '../grpc/grpc-channel.ts';
import {
  type ContainerConfig,
  type ContainerResources,
  type ContainerRuntime,
  type ExecResult,
  isNotFound,
  type RegistryCredentials,
  type RuntimeConditions,
  type RuntimeEvent,
  type SandboxConfig,
  type Streams,
} from '../runtime/index.ts';
import {
  containerMessage,
  containerStatus,
  containerSummary,
  resourcesMessage,
} from './container-messages.ts';
import { type Shown, watchContainerd } from './containerd-events.ts';
import { type CriCall, CriClient } from './cri-client.ts';
import { containerStats, credentialsMessage, diskUsage, imageStatus } from './image-messages.ts';
import { POD_UID_LABEL, sandboxMessage, sandboxStatus, sandboxSummary } from './sandbox-messages.ts';
import { SharedWatch } from './shared-watch.ts';

/** containerd's namespace of what the CRI makes. */
const CRI_NAMESPACE = 'k8s.io';

/** A stop call gets this much longer than the grace it gives. */
const STOP_SLACK_MS = 120_000;

/** The runtime interface over containerd's CRI v1 and its event service, on one socket. */
export class CriRuntime implements ContainerRuntime {
  readonly #channel: GrpcChannel;
  readonly #client: CriClient;
  readonly #beforePull: () => void;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #events: SharedWatch;

  /** Does not connect yet. */
  /** `beforePull` is called before each image is fetched, and may put right where it is looked for. */
  constructor(socket: string, beforePull?: () => void);
  /** For `scoped`. */
  constructor(whole: CriRuntime, labels: Readonly<Record<string, string>>);
  constructor(source: string | CriRuntime, more: Readonly<Record<string, string>> | (() => void) = {}) {
    this.#labels = typeof more === 'function' ? {} : more;
    if (typeof source !== 'string') {
      this.#beforePull = source.#beforePull;
      this.#channel = source.#channel;
      this.#client = source.#client;
      this.#events = source.#events;
      return;
    }
    this.#beforePull = typeof more === 'function' ? more : () => {};
    this.#channel = new GrpcChannel(source, { 'containerd-namespace': CRI_NAMESPACE });
    this.#client = new CriClient(this.#channel);
    this.#events = new SharedWatch((listener, signal) => this.#watchAll(listener, signal));
  }

  /**
   * A part of this runtime: what it makes carries the labels, and its lists show only what carries them. Events are
   * those of the whole. Uses this one's connection: closing either closes both.
   */
  scoped(labels: Readonly<Record<string, string>>): CriRuntime {
    return new CriRuntime(this, { ...this.#labels, ...labels });
  }

  async version() {
    const { runtime_name = '', runtime_version = '' } = await this.#client.call('Version', { version: 'v1' });
    return { name: runtime_name, version: runtime_version };
  }

  async conditions(): Promise<RuntimeConditions> {
    const { status } = await this.#client.call('Status', {}, { timeoutMs: 10_000 });
    const conditions = new Map((status?.conditions ?? []).map((condition) => [condition.type, condition]));
    const unmet = [...conditions.values()].filter((condition) => !condition.status);
    return {
      ready: conditions.get('RuntimeReady')?.status ?? false,
      networkReady: conditions.get('NetworkReady')?.status ?? false,
      message: unmet.map(({ reason = '', message = '' }) => `${reason}: ${message}`).join('; '),
    };
  }

  async runSandbox(config: SandboxConfig, handler?: string): Promise<string> {
    const request = { config: sandboxMessage(this.#labelled(config)), runtime_handler: handler };
    // the kubelet gives sandboxes twice the time
    const { pod_sandbox_id } = await this.#client.call('RunPodSandbox', request, { timeoutMs: 240_000 });
    return pod_sandbox_id ?? '';
  }

  async stopSandbox(id: string): Promise<void> {
    await this.#gone('StopPodSandbox', { pod_sandbox_id: id });
  }

  async removeSandbox(id: string): Promise<void> {
    await this.#gone('RemovePodSandbox', { pod_sandbox_id: id });
  }

  async listSandboxes(podUid?: string) {
    const { items } = await this.#client.call('ListPodSandbox', { filter: this.#filter(podUid) });
    return (items ?? []).map(sandboxSummary);
  }

  async sandboxStatus(id: string) {
    const answer = await this.#orMissing('PodSandboxStatus', { pod_sandbox_id: id });
    return answer?.status ? sandboxStatus(answer.status) : undefined;
  }

  async createContainer(sandboxId: string, container: ContainerConfig, sandbox: SandboxConfig) {
    const { container_id } = await this.#client.call('CreateContainer', {
      pod_sandbox_id: sandboxId,
      config: containerMessage(this.#labelled(container), sandbox.uid),
      sandbox_config: sandboxMessage(this.#labelled(sandbox)),
    });
    return container_id ?? '';
  }

  async startContainer(id: string): Promise<void> {
    await this.#client.call('StartContainer', { container_id: id });
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    const timeoutMs = graceSeconds * 1000 + STOP_SLACK_MS;
    await this.#gone('StopContainer', { container_id: id, timeout: graceSeconds }, timeoutMs);
  }

  async removeContainer(id: string): Promise<void> {
    await this.#gone('RemoveContainer', { container_id: id });
  }

  async listContainers(podUid?: string) {
    const { containers } = await this.#client.call('ListContainers', { filter: this.#filter(podUid) });
    return (containers ?? []).map(containerSummary);
  }

  async containerStatus(id: string) {
    const answer = await this.#orMissing('ContainerStatus', { container_id: id });
    return answer?.status ? containerStatus(answer.status) : undefined;
  }

  async updateResources(id: string, resources: ContainerResources): Promise<void> {
    await this.#client.call('UpdateContainerResources', {
      container_id: id,
      linux: resourcesMessage(resources),
    });
  }

  async reopenLog(id: string): Promise<void> {
    await this.#client.call('ReopenContainerLog', { container_id: id });
  }

  async exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    const request = { container_id: id, cmd: command, timeout: Math.ceil(timeoutMs / 1000) };
    const { stdout, stderr, exit_code } = await this.#client.call('ExecSync', request, {
      timeoutMs: timeoutMs === 0 ? 0 : timeoutMs + 10_000,
    });
    return { stdout: stdout ?? NOTHING, stderr: stderr ?? NOTHING, exitCode: exit_code ?? 0 };
  }

  async execUrl(id: string, command: readonly string[], streams: Streams): Promise<string> {
    return (await this.#client.call('Exec', { container_id: id, cmd: command, ...streams })).url ?? '';
  }

  async attachUrl(id: string, streams: Streams): Promise<string> {
    return (await this.#client.call('Attach', { container_id: id, ...streams })).url ?? '';
  }

  async portForwardUrl(sandboxId: string, ports: readonly number[]): Promise<string> {
    return (await this.#client.call('PortForward', { pod_sandbox_id: sandboxId, port: ports })).url ?? '';
  }

  async pullImage(image: string, credentials?: RegistryCredentials, signal?: AbortSignal): Promise<string> {
    this.#beforePull();
    const request = { image: { image }, auth: credentials && credentialsMessage(credentials) };
    return (await this.#client.call('PullImage', request, { timeoutMs: 0, signal })).image_ref ?? '';
  }

  async imageStatus(image: string) {
    const { image: found } = await this.#client.call('ImageStatus', { image: { image } });
    return found ? imageStatus(found) : undefined;
  }

  async listImages() {
    return ((await this.#client.call('ListImages', {})).images ?? []).map(imageStatus);
  }

  async removeImage(image: string): Promise<void> {
    await this.#gone('RemoveImage', { image: { image } });
  }

  async imageDisk() {
    return ((await this.#client.call('ImageFsInfo', {})).image_filesystems ?? []).map(diskUsage);
  }

  async listStats(podUid?: string) {
    const filter = this.#filter(podUid);
    return ((await this.#client.call('ListContainerStats', { filter })).stats ?? []).map(containerStats);
  }

  watch(listener: (event: RuntimeEvent) => void, signal: AbortSignal): Promise<void> {
    return this.#events.join(listener, signal);
  }

  #watchAll(listener: (event: RuntimeEvent) => void, signal: AbortSignal): Promise<void> {
    const shows = { end: (id: string) => this.#showsEnd(id), oom: (id: string) => this.#showsOom(id) };
    return watchContainerd(this.#channel, shows, listener, signal);
  }

  close(): void {
    this.#channel.close();
  }

  #labelled<T extends { readonly labels: Readonly<Record<string, string>> }>(config: T): T {
    return { ...config, labels: { ...config.labels, ...this.#labels } };
  }

  #filter(podUid: string | undefined) {
    const wanted = podUid === undefined ? this.#labels : { ...this.#labels, [POD_UID_LABEL]: podUid };
    return Object.keys(wanted).length === 0 ? undefined : { label_selector: wanted };
  }

  /** Whether the status calls show that a container or a sandbox ended. One just started may still seem created. */
  async #showsEnd(id: string): Promise<Shown> {
    const container = await this.containerStatus(id);
    if (container) {
      const isShown = container.state === 'exited' || container.state === 'unknown';
      return { isShown, podUid: container.labels[POD_UID_LABEL] };
    }
    const sandbox = await this.sandboxStatus(id);
    return { isShown: !(sandbox?.ready ?? false), podUid: sandbox?.uid };
  }

  /** Why a container ended is shown only when it has. */
  async #showsOom(id: string): Promise<Shown> {
    const container = await this.containerStatus(id);
    const isShown = container?.state !== 'exited' || container.reason === 'OOMKilled';
    return { isShown, podUid: container?.labels[POD_UID_LABEL] };
  }

  async #orMissing<C extends CriCall>(name: C, request: CriCalls[C][0]): Promise<CriCalls[C][1] | undefined> {
    try {
      return await this.#client.call(name, request);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** A call whose aim is reached when the thing is not there. */
  async #gone<C extends CriCall>(name: C, request: CriCalls[C][0], timeoutMs?: number): Promise<void> {
    try {
      await this.#client.call(name, request, timeoutMs === undefined ? {} : { timeoutMs });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

const NOTHING = new Uint8Array();
