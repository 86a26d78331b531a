/**
 * What the owner of a machine lets the pods of one cluster do to it, whatever that cluster's API let through. Each
 * field allows one thing; what is not allowed is refused.
 */
export interface HostPolicy {
  readonly privileged: boolean;
  readonly hostNetwork: boolean;
  readonly hostPID: boolean;
  readonly hostIPC: boolean;
  /** Ports of the machine itself (`containerPort.hostPort`). */
  readonly hostPorts: boolean;
  /** Folders of the machine that pods may mount, with all that is in them; `*`: any. */
  readonly hostPaths: '*' | readonly HostPathRule[];
  /** Raw block devices (`volumeDevices`). */
  readonly devices: boolean;
  /** Kinds of volumes beside those that cannot reach the machine: `nfs`, `iscsi`, …; `*`: any. */
  readonly volumes: '*' | readonly string[];
  /** Names of sysctls beyond upstream's safe ones; one that ends in `*` is a prefix. They must be of a namespace. */
  readonly unsafeSysctls: readonly string[];
  /** Capabilities that may be added, without `CAP_`; `*`: any. */
  readonly capabilities: '*' | readonly string[];
  /** seccomp and AppArmor off, or with a profile of the machine; without it, pods that name none get the runtime's. */
  readonly unconfined: boolean;
  /** A /proc of which nothing is hidden (`procMount: Unmasked`). */
  readonly procMount: boolean;
  /** Probes and hooks that the agent sends to another address than the pod's. */
  readonly probeHosts: boolean;
  /** Pods of system priority: spared when the machine is short of memory or disk. */
  readonly criticalPods: boolean;
  /** Pods from files in the home. */
  readonly staticPods: boolean;
  /** Handlers of runtime classes, the first one for pods without a class; `*`: any, `runc` first. */
  readonly handlers: '*' | readonly string[];
}

export interface HostPathRule {
  /** Absolute, without `..`; itself and all below it. */
  readonly prefix: string;
  /** Only mounts that are read-only. Default false. */
  readonly readOnly?: boolean;
}

/** Of the cluster that is the machine's own: everything that upstream's kubelet allows by itself. */
export const HOST_CLUSTER_POLICY: HostPolicy = Object.freeze({
  privileged: true,
  hostNetwork: true,
  hostPID: true,
  hostIPC: true,
  hostPorts: true,
  hostPaths: '*',
  devices: true,
  volumes: '*',
  unsafeSysctls: Object.freeze([]),
  capabilities: '*',
  unconfined: true,
  procMount: true,
  probeHosts: true,
  criticalPods: true,
  staticPods: true,
  handlers: '*',
});

/** Of guests: nothing of it. */
export const GUEST_POLICY: HostPolicy = Object.freeze({
  privileged: false,
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  hostPorts: false,
  hostPaths: Object.freeze([]),
  devices: false,
  volumes: Object.freeze([]),
  unsafeSysctls: Object.freeze([]),
  capabilities: Object.freeze([]),
  unconfined: false,
  procMount: false,
  probeHosts: false,
  criticalPods: false,
  staticPods: false,
  handlers: '*',
});
