import { type Cri, criEnums } from '../generated/cri.ts';
import type {
  NamespaceMode,
  SandboxConfig,
  SandboxStatus,
  SandboxSummary,
  SeccompProfile,
} from '../runtime/index.ts';

/** The pod a sandbox or container belongs to; containers are found by it. */
export const POD_UID_LABEL = 'io.kubernetes.pod.uid';

const MODES: Readonly<Record<NamespaceMode, number>> = {
  pod: criEnums.NamespaceMode.POD,
  container: criEnums.NamespaceMode.CONTAINER,
  node: criEnums.NamespaceMode.NODE,
};

const PROTOCOLS = criEnums.Protocol;

export function namespaceOptions(config: {
  readonly network: 'pod' | 'node';
  readonly pid: NamespaceMode;
  readonly pidTarget?: string;
  readonly ipc: 'pod' | 'node';
}): Cri['NamespaceOption'] {
  const { network, pid, pidTarget, ipc } = config;
  const namespaces = { network: MODES[network], pid: MODES[pid], ipc: MODES[ipc] };
  if (pidTarget === undefined) return namespaces;
  return { ...namespaces, pid: criEnums.NamespaceMode.TARGET, target_id: pidTarget };
}

export function seccompMessage(profile: SeccompProfile): Cri['SecurityProfile'] {
  const types = criEnums.ProfileType;
  if (profile.type === 'Localhost') return { profile_type: types.Localhost, localhost_ref: profile.path };
  return { profile_type: types[profile.type] };
}

export function int64(value: number | undefined): Cri['Int64Value'] | undefined {
  return value === undefined ? undefined : { value };
}

export function sandboxMessage(config: SandboxConfig): Cri['PodSandboxConfig'] {
  const { security } = config;
  return {
    metadata: { name: config.name, uid: config.uid, namespace: config.namespace, attempt: config.attempt },
    hostname: config.hostname,
    log_directory: config.logFolder,
    dns_config: config.dns,
    port_mappings: config.hostPorts.map((port) => ({
      protocol: PROTOCOLS[port.protocol],
      container_port: port.containerPort,
      host_port: port.hostPort,
      host_ip: port.hostIP,
    })),
    labels: { ...config.labels, [POD_UID_LABEL]: config.uid },
    annotations: config.annotations,
    linux: {
      cgroup_parent: config.cgroupParent,
      sysctls: config.sysctls,
      security_context: {
        namespace_options: namespaceOptions(config),
        run_as_user: int64(security.runAsUser),
        run_as_group: int64(security.runAsGroup),
        supplemental_groups: security.supplementalGroups,
        privileged: security.privileged,
        seccomp: seccompMessage(security.seccomp),
      },
    },
  };
}

export function sandboxSummary(sandbox: Cri['PodSandbox']): SandboxSummary {
  return {
    id: sandbox.id ?? '',
    name: sandbox.metadata?.name ?? '',
    namespace: sandbox.metadata?.namespace ?? '',
    uid: sandbox.metadata?.uid ?? '',
    attempt: sandbox.metadata?.attempt ?? 0,
    ready: (sandbox.state ?? 0) === criEnums.PodSandboxState.SANDBOX_READY,
    createdAt: milliseconds(sandbox.created_at),
    labels: sandbox.labels ?? {},
    annotations: sandbox.annotations ?? {},
    runtimeHandler: sandbox.runtime_handler ?? '',
  };
}

export function sandboxStatus(status: Cri['PodSandboxStatus']): SandboxStatus {
  const node = status.linux?.namespaces?.options?.network === criEnums.NamespaceMode.NODE;
  const ips = [status.network?.ip, ...(status.network?.additional_ips ?? []).map(({ ip }) => ip)];
  return {
    ...sandboxSummary(status),
    ips: node ? [] : ips.filter((ip): ip is string => ip !== undefined && ip !== ''),
    network: node ? 'node' : 'pod',
  };
}

/** CRI times are nanoseconds. */
export function milliseconds(nanoseconds: number | undefined): number {
  return nanoseconds === undefined || nanoseconds <= 0 ? 0 : nanoseconds / 1e6;
}
