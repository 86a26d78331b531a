import type { SeccompProfile } from './sandbox.ts';

/** How a container is made. Never changed later, except its resources. */
export interface ContainerConfig {
  readonly name: string;
  /** Of this container within its sandbox: 0, 1, … as it restarts; the same twice is refused. */
  readonly attempt: number;
  /** What `imageStatus` or `pullImage` named. */
  readonly image: string;
  /** As the pod's author wrote it; shown again in the status. */
  readonly userImage: string;
  /** Instead of the image's entry point; empty: the image's. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Relative to the sandbox's `logFolder`; its folder exists. Lines as `TIME STREAM TAG TEXT`. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
  /** The signal that ends it (`SIGUSR1`); absent: the image's, else SIGTERM. */
  readonly stopSignal?: string;
}

export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly propagation: 'private' | 'host-to-container' | 'bidirectional';
}

export interface Device {
  readonly hostPath: string;
  readonly containerPath: string;
  /** Of `rwm`. */
  readonly permissions: string;
}

/** What the container's cgroup enforces. Absent or 0: no limit (shares: the least). */
export interface ContainerResources {
  /** Relative weight, 2 to 262144; 1024 for a whole core. */
  readonly cpuShares?: number;
  /** Microseconds of CPU time a period. */
  readonly cpuQuota?: number;
  /** Microseconds; 100,000 unless set. */
  readonly cpuPeriod?: number;
  /** Bytes. */
  readonly memoryLimit?: number;
  /** All of a container's processes are killed when one uses too much memory; cgroup version 2 only. */
  readonly oomGroup?: boolean;
  /** -1000 (never killed) to 1000 (killed first) when the machine is out of memory. */
  readonly oomScoreAdj?: number;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  readonly runAsUser?: number;
  readonly runAsUsername?: string;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly readOnlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  readonly seccomp: SeccompProfile;
  /** Absent: the runtime's, where there is AppArmor. Of type `Localhost`, `path` is the name of a loaded profile. */
  readonly appArmor?: SeccompProfile;
  readonly seLinux?: SeLinuxLabel;
  readonly network: 'pod' | 'node';
  readonly pid: 'pod' | 'container' | 'node';
  /** Id of a container in the same sandbox whose processes it sees, whatever `pid` says. */
  readonly pidTarget?: string;
  readonly ipc: 'pod' | 'node';
  /** Paths hidden and paths made read-only in it; absent: none. */
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

export interface SeLinuxLabel {
  readonly user?: string;
  readonly role?: string;
  readonly type?: string;
  readonly level?: string;
}

export type ContainerRunState = 'created' | 'running' | 'exited' | 'unknown';

export interface ContainerSummary {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: ContainerRunState;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The image's id. */
  readonly imageRef: string;
}

export interface ContainerStatus {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: ContainerRunState;
  /** Milliseconds since the epoch; 0: did not happen. */
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** 128 + the signal for a process that a signal ended. Of a container that exited; else 0. */
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, … */
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  readonly imageRef: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly logPath: string;
}
