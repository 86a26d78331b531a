import { type Cri, criEnums } from '../generated/cri.ts';
import type {
  ContainerConfig,
  ContainerResources,
  ContainerRunState,
  ContainerSecurity,
  ContainerStatus,
  ContainerSummary,
  Mount,
} from '../runtime/index.ts';
import { int64, milliseconds, namespaceOptions, POD_UID_LABEL, seccompMessage } from './sandbox-messages.ts';

const PROPAGATION: Readonly<Record<Mount['propagation'], number>> = {
  private: criEnums.MountPropagation.PROPAGATION_PRIVATE,
  'host-to-container': criEnums.MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  bidirectional: criEnums.MountPropagation.PROPAGATION_BIDIRECTIONAL,
};

const STATES: readonly ContainerRunState[] = ['created', 'running', 'exited', 'unknown'];

export function containerMessage(config: ContainerConfig, podUid: string): Cri['ContainerConfig'] {
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image, user_specified_image: config.userImage },
    command: config.command,
    args: config.args,
    working_dir: config.workingDir,
    envs: config.env.map(({ name, value }) => ({ key: name, value: Buffer.from(value) })),
    mounts: config.mounts.map((mount) => ({
      container_path: mount.containerPath,
      host_path: mount.hostPath,
      readonly: mount.readOnly,
      propagation: PROPAGATION[mount.propagation],
    })),
    devices: config.devices.map((device) => ({
      container_path: device.containerPath,
      host_path: device.hostPath,
      permissions: device.permissions,
    })),
    labels: { ...config.labels, [POD_UID_LABEL]: podUid },
    annotations: config.annotations,
    log_path: config.logPath,
    stdin: config.stdin,
    stdin_once: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: resourcesMessage(config.resources),
      security_context: securityMessage(config.security),
    },
    stop_signal: stopSignal(config.stopSignal),
  };
}

/** Of signals that the CRI does not know: as if none were given. */
function stopSignal(name: string | undefined): number | undefined {
  const signals: Readonly<Record<string, number>> = criEnums.Signal;
  return name !== undefined && Object.hasOwn(signals, name) ? signals[name] : undefined;
}

export function resourcesMessage(resources: ContainerResources): Cri['LinuxContainerResources'] {
  return {
    cpu_shares: resources.cpuShares,
    cpu_quota: resources.cpuQuota,
    cpu_period: resources.cpuPeriod,
    memory_limit_in_bytes: resources.memoryLimit,
    oom_score_adj: resources.oomScoreAdj,
    unified: resources.oomGroup ? { 'memory.oom.group': '1' } : undefined,
  };
}

function securityMessage(security: ContainerSecurity): Cri['LinuxContainerSecurityContext'] {
  return {
    capabilities: {
      add_capabilities: security.addCapabilities,
      drop_capabilities: security.dropCapabilities,
    },
    privileged: security.privileged,
    namespace_options: namespaceOptions(security),
    run_as_user: int64(security.runAsUser),
    run_as_username: security.runAsUsername,
    run_as_group: int64(security.runAsGroup),
    readonly_rootfs: security.readOnlyRootFilesystem,
    supplemental_groups: security.supplementalGroups,
    no_new_privs: security.noNewPrivileges,
    masked_paths: security.maskedPaths,
    readonly_paths: security.readonlyPaths,
    seccomp: seccompMessage(security.seccomp),
    apparmor: security.appArmor && seccompMessage(security.appArmor),
    selinux_options: security.seLinux,
  };
}

export function containerSummary(container: Cri['Container']): ContainerSummary {
  return {
    id: container.id ?? '',
    sandboxId: container.pod_sandbox_id ?? '',
    name: container.metadata?.name ?? '',
    attempt: container.metadata?.attempt ?? 0,
    state: STATES[container.state ?? 0] ?? 'unknown',
    createdAt: milliseconds(container.created_at),
    labels: container.labels ?? {},
    annotations: container.annotations ?? {},
    imageRef: container.image_ref ?? '',
  };
}

export function containerStatus(status: Cri['ContainerStatus']): ContainerStatus {
  return {
    id: status.id ?? '',
    name: status.metadata?.name ?? '',
    attempt: status.metadata?.attempt ?? 0,
    state: STATES[status.state ?? 0] ?? 'unknown',
    createdAt: milliseconds(status.created_at),
    startedAt: milliseconds(status.started_at),
    finishedAt: milliseconds(status.finished_at),
    exitCode: status.exit_code ?? 0,
    reason: status.reason ?? '',
    message: status.message ?? '',
    image: status.image?.image ?? '',
    imageRef: status.image_ref ?? '',
    labels: status.labels ?? {},
    annotations: status.annotations ?? {},
    logPath: status.log_path ?? '',
  };
}
