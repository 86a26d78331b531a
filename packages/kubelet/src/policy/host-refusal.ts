import type { k8s } from '@sampan/api';
import { hostPathRefusal } from './host-paths.ts';
import type { HostPolicy } from './host-policy.ts';

/** Looks at one thing of a pod or of a container; gives where it is and what is not allowed. */
type Rule<T> = (thing: T, policy: HostPolicy) => string | undefined;

/**
 * Why the machine's owner does not let a cluster run this pod here; undefined: it may. Pure; for the agent, before a
 * pod is run and whenever it changes (an API server may change what is said to be immutable). Static pods are marked
 * by `kubernetes.io/config.source`.
 */
export function hostPolicyRefusal(pod: k8s.Pod, policy: HostPolicy): string | undefined {
  return podRefusal(pod, policy) ?? firstOf([...regular(pod), ...ephemeral(pod)], policy);
}

function podRefusal(pod: k8s.Pod, policy: HostPolicy): string | undefined {
  for (const rule of POD_RULES) {
    const refusal = rule(pod, policy);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

type Placed = readonly [path: string, container: k8s.Container];

const named =
  (list: string) =>
  (container: k8s.Container): Placed => [`spec.${list}[${container.name}]`, container];

function regular({ spec = {} }: k8s.Pod): Placed[] {
  return [
    ...(spec.initContainers ?? []).map(named('initContainers')),
    ...(spec.containers ?? []).map(named('containers')),
  ];
}

function ephemeral({ spec = {} }: k8s.Pod): Placed[] {
  return (spec.ephemeralContainers ?? []).map((each) => named('ephemeralContainers')(each as k8s.Container));
}

function firstOf(places: readonly Placed[], policy: HostPolicy): string | undefined {
  for (const [path, container] of places) {
    for (const rule of CONTAINER_RULES) {
      const refusal = rule(container, policy);
      if (refusal !== undefined) return `${path}.${refusal}`;
    }
  }
  return undefined;
}

const FLAGS = ['hostNetwork', 'hostPID', 'hostIPC'] as const;

/** kubelet types.SystemCriticalPriority. */
const SYSTEM_PRIORITY = 2_000_000_000;

const SECCOMP_ANNOTATION = /^(?:container\.)?seccomp\.security\.alpha\.kubernetes\.io\//;
const APPARMOR_ANNOTATION = /^container\.apparmor\.security\.beta\.kubernetes\.io\//;

/** Volumes that cannot reach anything of the machine but their own folder; claims are judged when they are mounted. */
const HARMLESS_VOLUMES: ReadonlySet<string> = new Set([
  ...['configMap', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim'],
  ...['projected', 'secret'],
]);

const POD_RULES: readonly Rule<k8s.Pod>[] = [
  ({ spec }, policy) => {
    const flag = FLAGS.find((name) => spec?.[name] && !policy[name]);
    return flag && `spec.${flag}: not allowed`;
  },
  ({ spec }, { criticalPods }) =>
    (spec?.priority ?? 0) >= SYSTEM_PRIORITY && !criticalPods
      ? `spec.priority: ${SYSTEM_PRIORITY} and more is not allowed`
      : undefined,
  ({ metadata }, { staticPods }) =>
    metadata?.annotations?.['kubernetes.io/config.source'] === 'file' && !staticPods
      ? 'metadata.annotations[kubernetes.io/config.source]: static pods are not allowed'
      : undefined,
  ({ spec }, policy) => profileRefusal('spec.securityContext', spec?.securityContext ?? {}, policy),
  ({ metadata }, { unconfined }) => {
    const bad = Object.entries(metadata?.annotations ?? {}).find(
      ([name, value]) =>
        (SECCOMP_ANNOTATION.test(name) || APPARMOR_ANNOTATION.test(name)) &&
        !/^(?:runtime|docker)\/default$/.test(value),
    );
    return bad && !unconfined ? `metadata.annotations[${bad[0]}]: ${bad[1]} is not allowed` : undefined;
  },
  ({ spec }, policy) => {
    for (const volume of spec?.volumes ?? []) {
      const refusal = volumeRefusal(volume, policy);
      if (refusal !== undefined) return `spec.volumes[${volume.name}].${refusal}`;
    }
    return undefined;
  },
];

/** Whether a mount is read-only is seen with the mounts, so it is judged there too. */
function volumeRefusal(volume: k8s.Volume, { hostPaths, volumes }: HostPolicy): string | undefined {
  if (volume.hostPath) {
    const refusal = hostPathRefusal(volume.hostPath.path, hostPaths, true);
    return refusal && `hostPath.path: ${refusal}`;
  }
  const kind = Object.keys(volume).find((name) => name !== 'name');
  if (kind === undefined || HARMLESS_VOLUMES.has(kind) || volumes === '*' || volumes.includes(kind)) {
    return undefined;
  }
  return `${kind}: volumes of this kind are not allowed`;
}

interface Profiled {
  readonly seccompProfile?: k8s.SeccompProfile;
  readonly appArmorProfile?: k8s.AppArmorProfile;
}

function profileRefusal(path: string, context: Profiled, { unconfined }: HostPolicy): string | undefined {
  if (unconfined) return undefined;
  for (const name of ['seccompProfile', 'appArmorProfile'] as const) {
    const type = context[name]?.type;
    if (type !== undefined && type !== 'RuntimeDefault')
      return `${path}.${name}.type: ${type} is not allowed`;
  }
  return undefined;
}

const CONTAINER_RULES: readonly Rule<k8s.Container>[] = [
  ({ securityContext }, { privileged }) =>
    securityContext?.privileged && !privileged ? 'securityContext.privileged: not allowed' : undefined,
  ({ securityContext }, { capabilities }) => {
    if (capabilities === '*') return undefined;
    const added = securityContext?.capabilities?.add ?? [];
    const bad = added.find((name) => !capabilities.includes(name.replace(/^CAP_/i, '').toUpperCase()));
    return bad && `securityContext.capabilities.add: ${bad} is not allowed`;
  },
  ({ securityContext }, policy) => profileRefusal('securityContext', securityContext ?? {}, policy),
  ({ securityContext }, { procMount }) =>
    (securityContext?.procMount ?? 'Default') !== 'Default' && !procMount
      ? `securityContext.procMount: ${securityContext?.procMount} is not allowed`
      : undefined,
  ({ ports }, { hostPorts }) => {
    const port = hostPorts ? undefined : (ports ?? []).find(({ hostPort }) => hostPort);
    return port && `ports: host port ${port.hostPort} is not allowed`;
  },
  ({ volumeDevices }, { devices }) =>
    (volumeDevices ?? []).length > 0 && !devices ? 'volumeDevices: not allowed' : undefined,
  // what a container mounts elsewhere would be seen on the machine
  ({ volumeMounts }, { privileged }) => {
    const mount = (volumeMounts ?? []).find(({ mountPropagation }) => mountPropagation === 'Bidirectional');
    return mount && !privileged
      ? `volumeMounts[${mount.name}].mountPropagation: Bidirectional is not allowed`
      : undefined;
  },
  (container, { probeHosts }) => {
    const host = probeHosts ? undefined : handlerHost(container);
    return host && `${host[0]}.host: ${host[1]} is not allowed`;
  },
];

/** The first handler that would have the agent connect to somebody else. */
function handlerHost(container: k8s.Container): readonly [path: string, host: string] | undefined {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  const handlers = {
    livenessProbe,
    readinessProbe,
    startupProbe,
    'lifecycle.postStart': lifecycle?.postStart,
    'lifecycle.preStop': lifecycle?.preStop,
  };
  for (const [path, handler] of Object.entries(handlers)) {
    for (const kind of ['httpGet', 'tcpSocket'] as const) {
      const host = handler?.[kind]?.host;
      if (host) return [`${path}.${kind}`, host];
    }
  }
  return undefined;
}

/** Ephemeral containers that may not run, with the reason: they come later, and a pod goes on without them. */
export function refusedEphemeral(pod: k8s.Pod, policy: HostPolicy): ReadonlyMap<string, string> {
  const refused = new Map<string, string>();
  for (const place of ephemeral(pod)) {
    const refusal = firstOf([place], policy);
    if (refusal !== undefined) refused.set(place[1].name, refusal);
  }
  return refused;
}
