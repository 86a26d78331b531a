import { isIPv6, type k8s } from '@sampan/api';
import type { Pod } from '../workloads/objects.ts';
import { isReady, isTerminal, isTerminating } from '../workloads/pod-state.ts';
import type { Service } from './objects.ts';

/** May the pod be an endpoint at all (endpointslice util.ShouldPodBeInEndpoints)? */
export function mayBeEndpoint(pod: Pod, includeTerminating: boolean): boolean {
  if (isTerminal(pod) || (!includeTerminating && isTerminating(pod))) return false;
  return addressesOf(pod).length > 0;
}

export function addressesOf(pod: Pod): string[] {
  const listed = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  if (listed.length > 0) return listed;
  return pod.status?.podIP ? [pod.status.podIP] : [];
}

/** The pod's addresses of one family. */
export function addressesOfFamily(pod: Pod, family: string): string[] {
  return addressesOf(pod).filter((ip) => isIPv6(ip) === (family === 'IPv6'));
}

/** What the pod gives for a port of a Service; undefined when it has no port of that name (podutil.FindPort). */
export function findPort(pod: Pod, { targetPort, port, protocol }: k8s.ServicePort): number | undefined {
  if (typeof targetPort !== 'string') return targetPort ?? port;
  const { containers = [], initContainers = [] } = pod.spec;
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...(containers ?? []), ...sidecars]) {
    for (const named of container.ports ?? []) {
      if (named.name === targetPort && (named.protocol ?? 'TCP') === (protocol ?? 'TCP'))
        return named.containerPort;
    }
  }
  return undefined;
}

/** The name under which the pod is known in the Service's domain. */
export function hostnameOf(pod: Pod, service: Service): string | undefined {
  const { hostname, subdomain } = pod.spec;
  return hostname && subdomain === service.metadata.name ? hostname : undefined;
}

export function podReference(pod: Pod): k8s.ObjectReference {
  const { namespace = '', name = '', uid = '' } = pod.metadata;
  return { kind: 'Pod', namespace, name, uid };
}

/** All of a pod that endpoints depend on, as one text that is compared (podEndpointsChanged). */
export function endpointTraits(pod: Pod): string {
  const { nodeName, hostname, subdomain } = pod.spec;
  const traits = [isTerminal(pod), isTerminating(pod), isReady(pod), nodeName, hostname, subdomain];
  return JSON.stringify([...traits, ...addressesOf(pod)]);
}
