import {
  type Check,
  containersThat,
  named,
  plural,
  quoted,
  settersOf,
  sortedSet,
  type Violation,
} from './check.ts';
import { type Container, containersOf, type Handler, type PodLike, type SecurityContext } from './pod.ts';

const baseline = (id: string, ...versions: Check['versions']): Check => ({ id, level: 'baseline', versions });
const always = (run: (pod: PodLike) => Violation | undefined) => ({ since: 0, run });

const DEFAULT_CAPABILITIES: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

/** Containers that add capabilities beyond those allowed. */
export function addingForbidden(pod: PodLike, allowed: ReadonlySet<string>): string | undefined {
  const forbidden = ({ securityContext }: Container) =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !allowed.has(name));
  const names = containersThat(pod, (container) => forbidden(container).length > 0);
  if (names.length === 0) return undefined;
  const added = sortedSet(containersOf(pod).flatMap(forbidden));
  return `${named(names)} must not include ${quoted(added)} in securityContext.capabilities.add`;
}

function capabilities(pod: PodLike): Violation | undefined {
  const detail = addingForbidden(pod, DEFAULT_CAPABILITIES);
  return detail === undefined ? undefined : { reason: 'non-default capabilities', detail };
}

const APP_ARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';
const badAppArmor = ({ appArmorProfile }: SecurityContext) =>
  appArmorProfile !== undefined &&
  appArmorProfile.type !== 'RuntimeDefault' &&
  appArmorProfile.type !== 'Localhost';

function appArmor(pod: PodLike): Violation | undefined {
  const contexts = [
    pod.spec.securityContext,
    ...containersOf(pod).map(({ securityContext }) => securityContext),
  ];
  const values = contexts.flatMap((context) =>
    context && badAppArmor(context) ? [context.appArmorProfile?.type ?? ''] : [],
  );
  const annotations = Object.entries(pod.annotations).filter(
    ([key, value]) =>
      key.startsWith(APP_ARMOR_ANNOTATION) &&
      value !== '' &&
      value !== 'runtime/default' &&
      !value.startsWith('localhost/'),
  );
  const setters = settersOf(pod, badAppArmor);
  const all = setters === '' ? [] : [setters];
  if (annotations.length > 0) {
    const keys = sortedSet(annotations.map(([key]) => key));
    all.push(`${plural('annotation', 'annotations', keys.length)} ${quoted(keys)}`);
  }
  if (all.length === 0) return undefined;
  const bad = sortedSet([...values, ...annotations.map(([, value]) => value)]);
  return {
    reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', bad.length),
    detail: `${all.join(' and ')} must not set AppArmor profile type to ${quoted(bad)}`,
  };
}

function hostNamespaces({ spec }: PodLike): Violation | undefined {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name]);
  return used.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: used.map((name) => `${name}=true`).join(', ') };
}

function hostPaths({ spec }: PodLike): Violation | undefined {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
  return names.length === 0
    ? undefined
    : { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', names.length)} ${quoted(names)}` };
}

const usesOf = (names: readonly string[]) => `${named(names)} ${plural('uses', 'use', names.length)}`;

function hostPorts(pod: PodLike): Violation | undefined {
  const hostPortsOf = ({ ports = [] }: Container) =>
    ports.flatMap(({ hostPort }) => (hostPort ? [hostPort] : []));
  const names = containersThat(pod, (container) => hostPortsOf(container).length > 0);
  if (names.length === 0) return undefined;
  const ports = sortedSet(containersOf(pod).flatMap(hostPortsOf).map(String));
  return {
    reason: 'hostPort',
    detail: `${usesOf(names)} ${plural('hostPort', 'hostPorts', ports.length)} ${ports.join(', ')}`,
  };
}

/** Since 1.34: the kubelet would connect to any address a pod names. */
function probeHosts(pod: PodLike): Violation | undefined {
  const handlersOf = (container: Container): (Handler | undefined)[] => [
    container.livenessProbe,
    container.readinessProbe,
    container.startupProbe,
    container.lifecycle?.postStart,
    container.lifecycle?.preStop,
  ];
  const hostsOf = (container: Container) =>
    handlersOf(container)
      .flatMap((handler) => [handler?.httpGet?.host, handler?.tcpSocket?.host])
      .filter((host): host is string => host !== undefined && host !== '');
  const names = sortedSet(containersThat(pod, (container) => hostsOf(container).length > 0));
  if (names.length === 0) return undefined;
  const hosts = sortedSet(containersOf(pod).flatMap(hostsOf));
  const what = plural('probe or lifecycle host', 'probe or lifecycle hosts', hosts.length);
  return { reason: 'probe or lifecycle host', detail: `${usesOf(names)} ${what} ${quoted(hosts)}` };
}

function privileged(pod: PodLike): Violation | undefined {
  const names = containersThat(pod, ({ securityContext }) => securityContext?.privileged === true);
  return names.length === 0
    ? undefined
    : { reason: 'privileged', detail: `${named(names)} must not set securityContext.privileged=true` };
}

function procMount(pod: PodLike): Violation | undefined {
  const mountOf = ({ securityContext }: Container) => securityContext?.procMount ?? 'Default';
  const names = containersThat(pod, (container) => mountOf(container) !== 'Default');
  if (names.length === 0) return undefined;
  const values = sortedSet(
    containersOf(pod)
      .map(mountOf)
      .filter((value) => value !== 'Default'),
  );
  return {
    reason: 'procMount',
    detail: `${named(names)} must not set securityContext.procMount to ${quoted(values)}`,
  };
}

/** A pod in a user namespace of its own is root of nothing (KEP-127). */
export const inUserNamespace = ({ spec }: PodLike): boolean => spec.hostUsers === false;

const badSeccomp = ({ seccompProfile }: SecurityContext) =>
  seccompProfile !== undefined &&
  seccompProfile.type !== 'RuntimeDefault' &&
  seccompProfile.type !== 'Localhost';

/** Profiles that are set and not allowed: of both levels. */
export function seccompSetBadly(pod: PodLike): Violation | undefined {
  const setters = settersOf(pod, badSeccomp);
  if (setters === '') return undefined;
  const contexts = [
    pod.spec.securityContext,
    ...containersOf(pod).map(({ securityContext }) => securityContext),
  ];
  const values = sortedSet(
    contexts.flatMap((context) =>
      context && badSeccomp(context) ? [context.seccompProfile?.type ?? ''] : [],
    ),
  );
  return {
    reason: 'seccompProfile',
    detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(values)}`,
  };
}

function seccompAnnotations(pod: PodLike): Violation | undefined {
  const keys = [
    'seccomp.security.alpha.kubernetes.io/pod',
    ...containersOf(pod).map(({ name }) => `container.seccomp.security.alpha.kubernetes.io/${name}`),
  ];
  const bad = sortedSet(
    keys.flatMap((key) => {
      const value = Object.hasOwn(pod.annotations, key) ? pod.annotations[key] : undefined;
      const isFine =
        value === undefined ||
        value === 'runtime/default' ||
        value === 'docker/default' ||
        value.startsWith('localhost/');
      return isFine ? [] : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (bad.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', 'annotations', bad.length)} ${bad.join(', ')}`,
  };
}

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinux =
  (types: readonly string[]) =>
  (pod: PodLike): Violation | undefined => {
    const bad = ({ seLinuxOptions }: SecurityContext) =>
      seLinuxOptions !== undefined &&
      (!types.includes(seLinuxOptions.type ?? '') ||
        Boolean(seLinuxOptions.user) ||
        Boolean(seLinuxOptions.role));
    const setters = settersOf(pod, bad);
    if (setters === '') return undefined;
    const options = [pod.spec, ...containersOf(pod)].flatMap(
      ({ securityContext }) => securityContext?.seLinuxOptions ?? [],
    );
    const wrong = sortedSet(options.map(({ type = '' }) => type).filter((type) => !types.includes(type)));
    const data = wrong.length > 0 ? [`${plural('type', 'types', wrong.length)} ${quoted(wrong)}`] : [];
    if (options.some(({ user }) => user)) data.push('user may not be set');
    if (options.some(({ role }) => role)) data.push('role may not be set');
    return {
      reason: 'seLinuxOptions',
      detail: `${setters} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`,
    };
  };

const SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_syncookies',
];
const SYSCTLS_27 = [...SYSCTLS, 'net.ipv4.ip_local_reserved_ports'];
const SYSCTLS_29 = [
  ...SYSCTLS_27,
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
];
const SYSCTLS_32 = [...SYSCTLS_29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

const sysctls =
  (allowed: readonly string[]) =>
  ({ spec }: PodLike): Violation | undefined => {
    const bad = (spec.securityContext?.sysctls ?? [])
      .map(({ name }) => name)
      .filter((name) => !allowed.includes(name));
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
  };

function windowsHostProcess(pod: PodLike): Violation | undefined {
  const setters = settersOf(pod, ({ windowsOptions }) => windowsOptions?.hostProcess === true);
  return setters === ''
    ? undefined
    : {
        reason: 'hostProcess',
        detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true`,
      };
}

/** Kubernetes docs "Pod Security Standards", Baseline; by id. */
export const BASELINE_CHECKS: readonly Check[] = [
  baseline('appArmorProfile', always(appArmor)),
  baseline('capabilities_baseline', always(capabilities)),
  baseline('hostNamespaces', always(hostNamespaces)),
  baseline('hostPathVolumes', always(hostPaths)),
  baseline('hostPorts', always(hostPorts)),
  baseline('hostProbesAndHostLifecycle', { since: 34, run: probeHosts }),
  baseline('privileged', always(privileged)),
  baseline('procMount', always(procMount), {
    since: 35,
    run: (pod) => (inUserNamespace(pod) ? undefined : procMount(pod)),
  }),
  baseline('seLinuxOptions', always(seLinux(SELINUX_TYPES)), {
    since: 31,
    run: seLinux([...SELINUX_TYPES, 'container_engine_t']),
  }),
  baseline('seccompProfile_baseline', always(seccompAnnotations), { since: 19, run: seccompSetBadly }),
  baseline(
    'sysctls',
    always(sysctls(SYSCTLS)),
    { since: 27, run: sysctls(SYSCTLS_27) },
    { since: 29, run: sysctls(SYSCTLS_29) },
    { since: 32, run: sysctls(SYSCTLS_32) },
  ),
  baseline('windowsHostProcess', always(windowsHostProcess)),
];
