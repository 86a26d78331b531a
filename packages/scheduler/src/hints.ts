import type { ClusterState } from './cluster-state.ts';
import type { ClusterEvent } from './events.ts';
import type { Plugin } from './failure.ts';
import { checkProperties, checkRoom, type FilterContext } from './node-filters.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** A pod that leaves makes room. */
const ROOM_PLUGINS: readonly Plugin[] = ['NodeResourcesFit', 'NodePorts', 'VolumeRestrictions'];

const VOLUME_PLUGINS: readonly Plugin[] = [
  'VolumeBinding',
  'VolumeRestrictions',
  'NodeVolumeLimits',
  'VolumeZone',
];

/**
 * Can an event make a pod schedulable that none of the plug-ins `failedBy` let through? (Upstream's queueing hints,
 * KEP-4247.) Wrong yeses only cost a try; there must be no wrong noes.
 */
export function helps(
  event: ClusterEvent,
  pod: PodInfo,
  failedBy: ReadonlySet<Plugin>,
  state: ClusterState,
): boolean {
  switch (event.kind) {
    case 'node':
      // the domains of all pods on it may be others now
      if (event.topology && (failedBy.has('PodTopologySpread') || failedBy.has('InterPodAffinity')))
        return true;
      return mayFit(pod, event.node, failedBy, state);
    case 'pod-gone':
      return helpsByLeaving(event, pod, failedBy, state);
    case 'pod-there':
      return helpsByComing(event.pod, pod, failedBy, state);
    case 'namespace':
      return failedBy.has('InterPodAffinity');
    case 'claim':
      return event.namespace === pod.namespace && pod.claims.includes(event.name);
    case 'storage':
      return pod.claims.length > 0 && VOLUME_PLUGINS.some((plugin) => failedBy.has(plugin));
  }
}

/** Volumes are not looked at: they have events of their own. */
function fitsAlone(pod: PodInfo, node: NodeInfo, state: ClusterState): boolean {
  if (!node.object || checkProperties(pod, node)) return false;
  // room that was made for it or for its equals is no reason to let it wait
  if (node.nominated.size > 0) return true;
  const context: FilterContext = { names: state.names, volumes: undefined, catalog: state.volumes };
  return checkRoom(pod, node, context) === undefined;
}

/** Also yes when the node is full in a way that was not met before: the next try learns to wait for that. */
function mayFit(pod: PodInfo, node: NodeInfo, failedBy: ReadonlySet<Plugin>, state: ClusterState): boolean {
  if (!node.object || checkProperties(pod, node)) return false;
  if (node.nominated.size > 0) return true;
  const context: FilterContext = { names: state.names, volumes: undefined, catalog: state.volumes };
  const failed = checkRoom(pod, node, context);
  return failed === undefined || !failedBy.has(failed.plugin);
}

function helpsByLeaving(
  { node, pod: gone }: { readonly node: NodeInfo; readonly pod: PodInfo },
  pod: PodInfo,
  failedBy: ReadonlySet<Plugin>,
  state: ClusterState,
): boolean {
  if (failedBy.has('VolumeRestrictions') || failedBy.has('NodeVolumeLimits')) {
    if (pod.claims.length > 0 && gone.claims.length > 0) return true;
  }
  if (failedBy.has('InterPodAffinity')) {
    const { requiredAntiAffinity, requiredAffinity } = pod.terms;
    if (requiredAntiAffinity.some((term) => term.matches(gone, state))) return true;
    if (gone.terms.requiredAntiAffinity.some((term) => term.matches(pod, state))) return true;
    // the last of a group went: the next may begin anew
    if (requiredAffinity.length > 0 && requiredAffinity.every((term) => term.matches(gone, state)))
      return true;
  }
  if (failedBy.has('PodTopologySpread') && isSpreadWith(pod, gone)) return true;
  return (
    (ROOM_PLUGINS.some((plugin) => failedBy.has(plugin)) || node.nominated.has(pod.uid)) &&
    fitsAlone(pod, node, state)
  );
}

function helpsByComing(
  there: PodInfo,
  pod: PodInfo,
  failedBy: ReadonlySet<Plugin>,
  state: ClusterState,
): boolean {
  if (
    failedBy.has('InterPodAffinity') &&
    pod.terms.requiredAffinity.some((term) => term.matches(there, state))
  )
    return true;
  return failedBy.has('PodTopologySpread') && isSpreadWith(pod, there);
}

const isSpreadWith = (pod: PodInfo, other: PodInfo): boolean =>
  pod.namespace === other.namespace &&
  pod.constraints.spread.some(({ hard, selector }) => hard && selector.matches(other.labels));
