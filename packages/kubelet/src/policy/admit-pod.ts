import type { k8s } from '@sampan/api';
import type { HostPolicy } from './host-policy.ts';
import { hostPolicyRefusal } from './host-refusal.ts';
import { type Misfit, matchesNode, portsClash, resourceMisfit, tolerates } from './node-fit.ts';
import { sysctlRefusal } from './sysctls.ts';

export interface AdmissionInput {
  readonly pod: k8s.Pod;
  /** The pods that the node runs already, this one not among them; those that are over do not count. */
  readonly others: readonly k8s.Pod[];
  readonly node: k8s.Node;
  readonly policy: HostPolicy;
  /** Of the runtime: can it set the groups of the pod alone? Default false (containerd before 2.0). */
  readonly strictGroups?: boolean;
}

/**
 * Whether the node takes a pod that is bound to it; undefined: it does. A refused pod fails with `reason` and
 * `message` and is never run. Pure. Of a pod that was admitted before, the agent asks only `hostPolicyRefusal` again.
 * Host policy first, then what upstream's kubelet looks at: sysctls (sysctl/allowlist.go), then lifecycle/predicate.go.
 */
export function admitPod(input: AdmissionInput): Misfit | undefined {
  const refusal = hostPolicyRefusal(input.pod, input.policy);
  if (refusal !== undefined) return { reason: 'HostPolicy', message: `The host policy refuses ${refusal}` };
  return sysctls(input) ?? platform(input) ?? generalFilter(input);
}

/** The node agent's events of a refused pod have the status's words (kubelet rejectPod). */
export function rejectionEvent({ reason, message }: Misfit) {
  return { type: 'Warning', reason, message } as const;
}

/** A pod's status once it is refused. */
export function rejectedStatus(pod: k8s.Pod, { reason, message }: Misfit): k8s.PodStatus {
  return { ...pod.status, phase: 'Failed', reason, message: `Pod was rejected: ${message}` };
}

function sysctls({ pod: { spec = {} }, policy }: AdmissionInput): Misfit | undefined {
  for (const { name } of spec.securityContext?.sysctls ?? []) {
    const message = sysctlRefusal(name, spec, policy.unsafeSysctls);
    if (message !== undefined) return { reason: 'SysctlForbidden', message };
  }
  return undefined;
}

const OS_LABEL = 'kubernetes.io/os';

function platform({ pod: { metadata, spec }, strictGroups }: AdmissionInput): Misfit | undefined {
  const label = metadata?.labels?.[OS_LABEL];
  if (label !== undefined && label !== 'linux') {
    return {
      reason: 'PodOSSelectorNodeLabelDoesNotMatch',
      message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    };
  }
  if (spec?.os && spec.os.name !== 'linux') {
    return {
      reason: 'PodOSNotSupported',
      message: "Failed to admit pod as the OS field doesn't match node OS",
    };
  }
  if (spec?.securityContext?.supplementalGroupsPolicy === 'Strict' && !strictGroups) {
    return {
      reason: 'SupplementalGroupsPolicyNotSupported',
      message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
    };
  }
  return undefined;
}

/** The first that fails is told (scheduler.AdmissionCheck and the taints that evict). */
function generalFilter({ pod, others, node }: AdmissionInput): Misfit | undefined {
  const { spec = {} } = pod;
  const present = others.filter(({ status }) => status?.phase !== 'Failed' && status?.phase !== 'Succeeded');
  const resources = resourceMisfit(pod, present, node.status?.allocatable ?? {});
  if (resources) return resources;
  if (!matchesNode(spec, node))
    return predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  if (spec.nodeName && spec.nodeName !== node.metadata?.name)
    return predicate('NodeName', "node(s) didn't match the requested node name");
  if (portsClash(pod, present))
    return predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  const evicting = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
  const isStatic = pod.metadata?.annotations?.['kubernetes.io/config.source'] === 'file';
  if (!isStatic && evicting.some((taint) => !tolerates(spec.tolerations ?? [], taint)))
    return predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate");
  return undefined;
}

function predicate(name: string, why: string): Misfit {
  return { reason: name, message: `Predicate ${name} failed: ${why}` };
}
