import type { SandboxDns } from '../runtime/index.ts';

/** Of the node, as far as pods are made from it. */
export interface NodeFacts {
  /** The first one preferred. */
  readonly hostIPs: readonly string[];
  /** Of the machine, in bytes. */
  readonly memoryBytes: number;
  /** CPU, memory and so on that pods may use, as quantities. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** Log files: FOLDER/NAMESPACE_POD_UID/CONTAINER/ATTEMPT.log. */
  readonly logFolder: string;
  /** The agent's own files of pods: FOLDER/UID. */
  readonly podFolder: string;
  /** seccomp profiles of type Localhost. */
  readonly seccompFolder: string;
  /** Within the cgroup file systems, absolute: pods are below it by their quality of service. */
  readonly cgroupRoot: string;
  /** Of pods with the DNS policy ClusterFirst; undefined: those of `Default`. */
  readonly clusterDns?: { readonly servers: readonly string[]; readonly domain: string };
  /** How the runtime is told of a pod's namespace, by which the CNI finds its cluster's network. Default: as it is. */
  readonly sandboxNamespace?: (namespace: string) => string;
  /** The kernel confines programs by AppArmor. Default: it does not. */
  readonly appArmor?: boolean;
  /** Of the cgroup file systems; hybrid ones are of version 1. Default 1. */
  readonly cgroupVersion?: 1 | 2;
  /** The machine's own resolv.conf. */
  readonly nodeDns: SandboxDns;
}
