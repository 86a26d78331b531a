/** Which of the machine's namespaces a pod shares; each defaults to one of its own. */
export type NamespaceMode = 'pod' | 'container' | 'node';

/** How a pod's sandbox (its network, its cgroup, the process that holds its namespaces) is made. Never changed later. */
export interface SandboxConfig {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** 0 for the first sandbox of a pod; a new one needs a higher one, or the runtime refuses its name. */
  readonly attempt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of the pod; empty when it shares the node's. */
  readonly hostname: string;
  /** A folder that exists; each container's `logPath` is below it. */
  readonly logFolder: string;
  readonly dns?: SandboxDns;
  readonly hostPorts: readonly HostPort[];
  /** Absolute, within the cgroup file systems; the runtime makes it when missing and never removes it. */
  readonly cgroupParent: string;
  readonly network: 'pod' | 'node';
  readonly pid: NamespaceMode;
  readonly ipc: 'pod' | 'node';
  readonly sysctls: Readonly<Record<string, string>>;
  readonly security: SandboxSecurity;
}

export interface SandboxDns {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface HostPort {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIP: string;
}

export interface SandboxSecurity {
  /** Whether any container of the pod may be privileged. */
  readonly privileged: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly seccomp: SeccompProfile;
}

export type SeccompProfile =
  | { readonly type: 'RuntimeDefault' | 'Unconfined' }
  /** A JSON file on the node. */
  | { readonly type: 'Localhost'; readonly path: string };

export interface SandboxSummary {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  /** False: stopped, or its process is gone. */
  readonly ready: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly runtimeHandler: string;
}

export interface SandboxStatus extends SandboxSummary {
  /** Empty on the node's network and before the network is set up. */
  readonly ips: readonly string[];
  readonly network: 'pod' | 'node';
}
