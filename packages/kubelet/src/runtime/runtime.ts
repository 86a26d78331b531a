import type { ContainerConfig, ContainerResources, ContainerStatus, ContainerSummary } from './container.ts';
import type { RuntimeEvent } from './event.ts';
import type { ImageStatus, RegistryCredentials } from './image.ts';
import type { SandboxConfig, SandboxStatus, SandboxSummary } from './sandbox.ts';
import type { ContainerStats, DiskUsage } from './stats.ts';

/**
 * What the node agent needs of a container runtime: no more. The first driver is `cri/cri-runtime.ts`.
 *
 * All calls: throw `RuntimeError` (its `kind` says whether the thing was not there, the runtime was, …) and leave the
 * runtime as it was or further along, so that a caller may repeat any of them. What is returned belongs to the caller
 * and is not kept. No call retries by itself. Containers and sandboxes outlive this object and the runtime's process;
 * only `remove…` forgets them.
 */
export interface ContainerRuntime {
  version(): Promise<{ readonly name: string; readonly version: string }>;
  /** Whether containers, and pods on the pod network, can be started now. */
  conditions(): Promise<RuntimeConditions>;

  /**
   * Makes and starts a sandbox with its network; returns its id when it is ready. Takes 100 ms and more. Not to be
   * repeated with the same `attempt` unless it failed. `handler`: a runtime class's; absent: the default.
   */
  runSandbox(config: SandboxConfig, handler?: string): Promise<string>;
  /** Kills all that runs in it at once and gives its network back. No error when stopped or gone already. */
  stopSandbox(id: string): Promise<void>;
  /** Stops it when needed, then forgets it and all its containers. No error when gone already. */
  removeSandbox(id: string): Promise<void>;
  /** All, or those of one pod; in no order. */
  listSandboxes(podUid?: string): Promise<SandboxSummary[]>;
  /** undefined: there is none. */
  sandboxStatus(id: string): Promise<SandboxStatus | undefined>;

  /** Makes a container without starting it; returns its id. The image must be there. `sandbox` as given to runSandbox. */
  createContainer(sandboxId: string, container: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  /**
   * Starts a container that was created. One whose command cannot be run fails here with the reason, is `exited` with
   * code 128 and reason `StartError` then. Starting twice is an error.
   */
  startContainer(id: string): Promise<void>;
  /**
   * Sends the stop signal, waits `graceSeconds`, then kills; returns when it has exited. With 0, kills at once. No
   * error when it has exited or is gone already. A second call with a shorter grace does not wait for the first.
   */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  /** Forgets a container, killing it when it still runs; its log stays. No error when gone already. */
  removeContainer(id: string): Promise<void>;
  /** All, or those of one pod; in no order. */
  listContainers(podUid?: string): Promise<ContainerSummary[]>;
  /** undefined: there is none. */
  containerStatus(id: string): Promise<ContainerStatus | undefined>;
  /** Of a running container; what is absent stays as it is. */
  updateResources(id: string, resources: ContainerResources): Promise<void>;
  /** After the caller renamed a running container's log: the runtime goes on in a new file of the old name. */
  reopenLog(id: string): Promise<void>;

  /** Runs a command to its end in a running container. Throws kind `timeout` after `timeoutMs` (0: never), having killed it. */
  exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  /** Addresses on loopback, each good for one connection by SPDY/3.1 within a minute. They block nothing. */
  execUrl(id: string, command: readonly string[], streams: Streams): Promise<string>;
  attachUrl(id: string, streams: Streams): Promise<string>;
  portForwardUrl(sandboxId: string, ports: readonly number[]): Promise<string>;

  /** Fetches an image whether or not it is there; returns what `ContainerConfig.image` takes. May take minutes. */
  pullImage(image: string, credentials?: RegistryCredentials, signal?: AbortSignal): Promise<string>;
  /** By reference or id; undefined: not there. */
  imageStatus(image: string): Promise<ImageStatus | undefined>;
  listImages(): Promise<ImageStatus[]>;
  /** No error when not there. Removes all of its names. */
  removeImage(image: string): Promise<void>;
  imageDisk(): Promise<DiskUsage[]>;

  /** Of all containers, or those of one pod; of one that does not run, only its disk. */
  listStats(podUid?: string): Promise<ContainerStats[]>;

  /**
   * Calls `listener` in the same turn as each event arrives, until `signal` aborts; the returned promise settles then
   * and rejects only when the runtime has no events at all. An `exited` event comes only when the status calls say so too. Reconnects by itself
   * and then begins with `resync`. May be called more than once. `listener` must not throw.
   */
  watch(listener: (event: RuntimeEvent) => void, signal: AbortSignal): Promise<void>;

  /** Ends the connection; calls under way fail. May be called twice. */
  close(): void;
}

export interface RuntimeConditions {
  readonly ready: boolean;
  readonly networkReady: boolean;
  /** Why not; empty when all is well. */
  readonly message: string;
}

export interface ExecResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly exitCode: number;
}

export interface Streams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  /** Must be false with `tty`. */
  readonly stderr: boolean;
  readonly tty: boolean;
}
