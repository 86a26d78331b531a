import type { k8s } from '@sampan/api';
import type { ContainerSecurity, ImageStatus, NamespaceMode, SeccompProfile } from '../runtime/index.ts';
import type { NodeFacts } from './node-facts.ts';
import { StartError } from './start-error.ts';

/** kubelet securitycontext: what of /proc and /sys a container does not see, or cannot write. */
const MASKED = [
  ...['asound', 'acpi', 'interrupts', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats'],
  ...['sched_debug', 'scsi'],
]
  .map((name) => `/proc/${name}`)
  .concat('/sys/firmware', '/sys/devices/virtual/powercap');
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);

/** What a container may do, from its own context and the pod's. Throws StartError when it must not run as root. */
export function containerSecurity(
  pod: k8s.Pod,
  container: k8s.Container,
  image: ImageStatus,
  node: Pick<NodeFacts, 'seccompFolder' | 'appArmor'>,
): ContainerSecurity {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
  if (own.runAsNonRoot ?? shared.runAsNonRoot) checkNonRoot(pod, container, image, runAsUser);
  const user = runAsUser ?? imageUser(image);
  return {
    privileged: own.privileged ?? false,
    ...(user !== undefined
      ? { runAsUser: user }
      : image.username !== '' && { runAsUsername: image.username }),
    ...(runAsGroup !== undefined && { runAsGroup }),
    supplementalGroups: supplementalGroups(shared),
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    seccomp: seccompProfile(own.seccompProfile ?? shared.seccompProfile, node.seccompFolder),
    ...appArmor(own.appArmorProfile ?? shared.appArmorProfile, node),
    ...((own.seLinuxOptions ?? shared.seLinuxOptions) && {
      seLinux: own.seLinuxOptions ?? shared.seLinuxOptions,
    }),
    ...podNamespaces(pod.spec ?? {}),
    maskedPaths: own.procMount === 'Unmasked' ? [] : MASKED,
    readonlyPaths: own.procMount === 'Unmasked' ? [] : READ_ONLY,
  };
}

export function supplementalGroups(shared: k8s.PodSecurityContext): number[] {
  const { fsGroup, supplementalGroups: groups = [] } = shared;
  return fsGroup === undefined ? groups : [...groups, fsGroup];
}

/** Without a profile there is none, as upstream without `seccompDefault`. */
export function seccompProfile(profile: k8s.SeccompProfile | undefined, folder: string): SeccompProfile {
  if (profile?.type === 'RuntimeDefault') return { type: 'RuntimeDefault' };
  if (profile?.type !== 'Localhost') return { type: 'Unconfined' };
  return { type: 'Localhost', path: `${folder}/${profile.localhostProfile ?? ''}` };
}

/** Who asks to be confined is not run otherwise (kubelet apparmor validate). Throws StartError. */
function appArmor(
  profile: k8s.AppArmorProfile | undefined,
  node: Pick<NodeFacts, 'appArmor'>,
): Pick<ContainerSecurity, 'appArmor'> {
  if (!profile) return {};
  if (profile.type === 'Unconfined') return { appArmor: { type: 'Unconfined' } };
  if (!node.appArmor) {
    const message = 'Cannot enforce AppArmor: AppArmor is not enabled on the host';
    throw new StartError('CreateContainerError', message);
  }
  if (profile.type === 'RuntimeDefault') return { appArmor: { type: 'RuntimeDefault' } };
  return { appArmor: { type: 'Localhost', path: profile.localhostProfile ?? '' } };
}

export function podNamespaces(spec: k8s.PodSpec): {
  network: 'pod' | 'node';
  pid: NamespaceMode;
  ipc: 'pod' | 'node';
} {
  return {
    network: spec.hostNetwork ? 'node' : 'pod',
    pid: spec.hostPID ? 'node' : spec.shareProcessNamespace ? 'pod' : 'container',
    ipc: spec.hostIPC ? 'node' : 'pod',
  };
}

/** An image that names nobody runs as root; undefined: it names someone by name. */
function imageUser({ uid, username }: ImageStatus): number | undefined {
  return uid ?? (username === '' ? 0 : undefined);
}

/** kuberuntime verifyRunAsNonRoot. */
function checkNonRoot(
  { metadata }: k8s.Pod,
  { name }: k8s.Container,
  image: ImageStatus,
  runAsUser: number | undefined,
): void {
  const where = `(pod: "${metadata?.name}_${metadata?.namespace}(${metadata?.uid})", container: ${name})`;
  const refuse = (message: string) => new StartError('CreateContainerConfigError', `${message} ${where}`);
  if (runAsUser === 0) throw refuse("container's runAsUser breaks non-root policy");
  if (runAsUser !== undefined) return;
  if (imageUser(image) === 0) throw refuse('container has runAsNonRoot and image will run as root');
  if (imageUser(image) === undefined) {
    throw refuse(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root`,
    );
  }
}
