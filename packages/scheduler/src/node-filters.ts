import { type Failure, failure } from './failure.ts';
import { clash } from './inline-disks.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { PodVolumes } from './pod-volumes.ts';
import type { ResourceNames } from './resources.ts';
import { tolerates, UNSCHEDULABLE, untolerated } from './taints.ts';
import type { VolumeCatalog } from './volume-catalog.ts';

const IS_UNSCHEDULABLE = failure('NodeUnschedulable', false, 'node(s) were unschedulable');
const NOT_SELECTED = failure('NodeAffinity', false, "node(s) didn't match Pod's node affinity/selector");
const PORTS_TAKEN = failure('NodePorts', true, "node(s) didn't have free ports for the requested pod ports");
const DISK_TAKEN = failure('VolumeRestrictions', true, 'node(s) had no available disk');
const CLAIM_IN_USE = failure(
  'VolumeRestrictions',
  true,
  'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
);

/** What filters look at besides pod and node. */
export interface FilterContext {
  readonly names: ResourceNames;
  readonly volumes: PodVolumes | undefined;
  readonly catalog: VolumeCatalog;
}

/** Why the node's own properties keep a pod away, whatever pods are on it: unresolvable. */
export function checkProperties(pod: PodInfo, node: NodeInfo): Failure | undefined {
  const { constraints } = pod;
  if (node.unschedulable && !tolerates(constraints.tolerations, UNSCHEDULABLE)) return IS_UNSCHEDULABLE;
  const taint = node.taints.length === 0 ? undefined : untolerated(constraints.tolerations, node.taints);
  if (taint)
    return failure(
      'TaintToleration',
      false,
      `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`,
    );
  return constraints.matchesNode(node.labels, node.name) ? undefined : NOT_SELECTED;
}

/** Why a pod cannot be on a node, as far as the node alone decides; in the order of upstream's plug-ins. */
export function checkNode(pod: PodInfo, node: NodeInfo, context: FilterContext): Failure | undefined {
  return checkProperties(pod, node) ?? checkRoom(pod, node, context);
}

/**
 * Why there is no room on a node for a pod. Room that was made for pods of its priority or above is taken; if there
 * is room made for this very pod, it is given back before the pod is tried.
 */
export function checkRoom(pod: PodInfo, node: NodeInfo, context: FilterContext): Failure | undefined {
  const reserved = node.nominated.size === 0 ? NOBODY : reservedFor(pod, node);
  if (pod.ports.length > 0 && portsClash(pod, node, reserved)) return PORTS_TAKEN;
  return (
    checkResources(pod, node, reserved, context.names) ??
    (pod.disks.length > 0 ? checkDisks(pod, node) : undefined) ??
    (pod.claims.length > 0 ? checkClaims(pod, node, context) : undefined)
  );
}

const NOBODY: readonly PodInfo[] = [];

function reservedFor(pod: PodInfo, node: NodeInfo): PodInfo[] {
  return [...node.nominated.values()].filter(
    (other) => other.priority >= pod.priority && !node.pods.has(other.uid),
  );
}

function portsClash(pod: PodInfo, node: NodeInfo, reserved: readonly PodInfo[]): boolean {
  if (pod.ports.some((port) => node.ports.clashes(port))) return true;
  return reserved.some((other) =>
    other.ports.some((theirs) =>
      pod.ports.some(
        ({ ip, port }) =>
          port === theirs.port && (ip === theirs.ip || ip === '0.0.0.0' || theirs.ip === '0.0.0.0'),
      ),
    ),
  );
}

function checkResources(
  pod: PodInfo,
  node: NodeInfo,
  reserved: readonly PodInfo[],
  names: ResourceNames,
): Failure | undefined {
  let reasons: string[] | undefined;
  let resolvable = true;
  if (node.pods.size + reserved.length + 1 > node.podLimit) reasons = ['Too many pods'];
  const { requests } = pod;
  for (let i = 0; i < requests.length; i++) {
    const wanted = requests[i] ?? 0;
    if (wanted === 0) continue;
    const allocatable = node.allocatable[i] ?? 0;
    let used = node.requested[i] ?? 0;
    for (const other of reserved) used += other.requests[i] ?? 0;
    if (wanted <= allocatable - used) continue;
    reasons ??= [];
    reasons.push(`Insufficient ${names.name(i)}`);
    if (wanted > allocatable) resolvable = false;
  }
  return reasons && failure('NodeResourcesFit', resolvable, ...reasons);
}

function checkDisks(pod: PodInfo, node: NodeInfo): Failure | undefined {
  for (const other of node.pods.values()) if (clash(pod.disks, other.disks)) return DISK_TAKEN;
  return undefined;
}

function checkClaims(pod: PodInfo, node: NodeInfo, { volumes, catalog }: FilterContext): Failure | undefined {
  for (const name of pod.claims) {
    const modes = catalog.claim(pod.namespace, name)?.spec?.accessModes;
    if (modes?.includes('ReadWriteOncePod') && catalog.users(pod.namespace, name) > 0) return CLAIM_IN_USE;
  }
  return volumes?.check(node);
}
