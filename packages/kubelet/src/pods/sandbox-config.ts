import { type k8s, podQOS } from '@sampan/api';
import type { HostPort, SandboxConfig, SandboxDns } from '../runtime/index.ts';
import { podNamespaces, seccompProfile, supplementalGroups } from './container-security.ts';
import { containerSpecs } from './container-spec.ts';
import type { NodeFacts } from './node-facts.ts';
import { StartError } from './start-error.ts';

/** How a pod's sandbox is made (kuberuntime generatePodSandboxConfig). */
export function sandboxConfig(pod: k8s.Pod, attempt: number, node: NodeFacts): SandboxConfig {
  const { metadata = {}, spec = {} } = pod;
  const { name = '', namespace = '', uid = '' } = metadata;
  const shared = spec.securityContext ?? {};
  const { runAsUser, runAsGroup } = shared;
  return {
    name,
    namespace: node.sandboxNamespace?.(namespace) ?? namespace,
    uid,
    attempt,
    labels: {
      ...metadata.labels,
      'io.kubernetes.pod.name': name,
      'io.kubernetes.pod.namespace': namespace,
      'io.kubernetes.pod.uid': uid,
    },
    annotations: metadata.annotations ?? {},
    hostname: spec.hostNetwork ? '' : kernelHostname(pod, node),
    logFolder: podLogFolder(pod, node.logFolder),
    dns: podDns(pod, node),
    hostPorts: spec.hostNetwork ? [] : hostPorts(spec),
    cgroupParent: podCgroup(pod, node.cgroupRoot),
    ...podNamespaces(spec),
    sysctls: Object.fromEntries((shared.sysctls ?? []).map((sysctl) => [sysctl.name, sysctl.value])),
    security: {
      privileged: containerSpecs(spec).some(({ container }) => container.securityContext?.privileged),
      ...(runAsUser !== undefined && { runAsUser }),
      ...(runAsGroup !== undefined && { runAsGroup }),
      supplementalGroups: supplementalGroups(shared),
      seccomp: seccompProfile(shared.seccompProfile ?? { type: 'RuntimeDefault' }, node.seccompFolder),
    },
  };
}

export function podLogFolder({ metadata }: k8s.Pod, root: string): string {
  return `${root}/${metadata?.namespace}_${metadata?.name}_${metadata?.uid}`;
}

/** As the kubelet's cgroupfs driver names them. */
export function podCgroup({ metadata, spec }: k8s.Pod, root: string): string {
  const quality = podQOS(spec ?? {});
  const parent = quality === 'Guaranteed' ? root : `${root}/${quality.toLowerCase()}`;
  return `${parent}/pod${metadata?.uid}`;
}

/** All places where a pod's cgroup may be, whatever its quality of service was. */
export function possiblePodCgroups(uid: string, root: string): string[] {
  return ['', '/burstable', '/besteffort'].map((parent) => `${root}${parent}/pod${uid}`);
}

/** At most 63 characters, as the kernel takes them (kubelet truncatePodHostnameIfNeeded). */
export function podHostname({ metadata, spec }: k8s.Pod): string {
  const name = spec?.hostnameOverride ?? (spec?.hostname || metadata?.name || '');
  return name.slice(0, 63).replace(/[-.]+$/, '');
}

/** `hostname.subdomain.namespace.svc.DOMAIN`; undefined: the pod has no such name. */
export function podDomainName(
  pod: k8s.Pod,
  { clusterDns }: Pick<NodeFacts, 'clusterDns'>,
): string | undefined {
  const { subdomain, hostnameOverride } = pod.spec ?? {};
  if (!subdomain || hostnameOverride !== undefined || !clusterDns) return undefined;
  return `${podHostname(pod)}.${subdomain}.${pod.metadata?.namespace}.svc.${clusterDns.domain}`;
}

/** The kernel takes no longer one. */
const LONGEST_HOSTNAME = 64;

/** What `hostname` says in the pod (kubelet GetNodenameForKernel). Throws StartError. */
function kernelHostname(pod: k8s.Pod, node: NodeFacts): string {
  const full = pod.spec?.setHostnameAsFQDN ? podDomainName(pod, node) : undefined;
  if (full === undefined) return podHostname(pod);
  if (full.length <= LONGEST_HOSTNAME) return full;
  const rule = `${LONGEST_HOSTNAME} characters is the max, ${full.length} characters requested`;
  const message = `Failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (${rule})`;
  throw new StartError('CreatePodSandboxError', message);
}

function hostPorts(spec: k8s.PodSpec): HostPort[] {
  return containerSpecs(spec).flatMap(({ container }) =>
    (container.ports ?? []).flatMap(({ hostPort, containerPort, protocol, hostIP }) =>
      hostPort
        ? [
            {
              protocol: (protocol ?? 'TCP') as HostPort['protocol'],
              containerPort,
              hostPort,
              hostIP: hostIP ?? '',
            },
          ]
        : [],
    ),
  );
}

/** dns.go GetPodDNS: what the policy gives, then what the pod adds. */
export function podDns({ metadata, spec }: k8s.Pod, { clusterDns, nodeDns }: NodeFacts): SandboxDns {
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  const cluster =
    clusterDns && (policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !spec?.hostNetwork));
  const base =
    policy === 'None'
      ? { servers: [], searches: [], options: [] }
      : cluster
        ? clusterFirst(metadata?.namespace ?? '', clusterDns, nodeDns)
        : nodeDns;
  const own = spec?.dnsConfig ?? {};
  const options = new Map(base.options.map((option) => [option.split(':')[0] ?? '', option]));
  for (const { name = '', value } of own.options ?? []) {
    options.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  }
  return {
    servers: unique([...base.servers, ...(own.nameservers ?? [])]),
    searches: unique([...base.searches, ...(own.searches ?? [])]),
    options: [...options.values()],
  };
}

function clusterFirst(
  namespace: string,
  { servers, domain }: NonNullable<NodeFacts['clusterDns']>,
  nodeDns: SandboxDns,
): SandboxDns {
  const own = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
  return { servers, searches: [...own, ...nodeDns.searches], options: ['ndots:5'] };
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}
