/** What can say no to a node; named as upstream's plug-ins are. */
export type Plugin =
  | 'NodeUnschedulable'
  | 'NodeName'
  | 'TaintToleration'
  | 'NodeAffinity'
  | 'NodePorts'
  | 'NodeResourcesFit'
  | 'VolumeRestrictions'
  | 'NodeVolumeLimits'
  | 'VolumeBinding'
  | 'VolumeZone'
  | 'PodTopologySpread'
  | 'InterPodAffinity';

/** Why a pod cannot be on a node. Equal failures are one object. */
export interface Failure {
  readonly plugin: Plugin;
  /** Upstream's texts, as users know them from events. */
  readonly reasons: readonly string[];
  /** Removing other pods from the node may help (Unschedulable, not UnschedulableAndUnresolvable). */
  readonly resolvable: boolean;
}

const known = new Map<string, Failure>();
/** Texts hold taints, which users choose: forgotten all at once when there are too many. */
const MOST_KNOWN = 10_000;

export function failure(plugin: Plugin, resolvable: boolean, ...reasons: string[]): Failure {
  const key = `${plugin}\n${resolvable}\n${reasons.join('\n')}`;
  const present = known.get(key);
  if (present) return present;
  if (known.size >= MOST_KNOWN) known.clear();
  const made = { plugin, resolvable, reasons };
  known.set(key, made);
  return made;
}

/** Counts each reason over nodes. */
export class ReasonCounts {
  readonly #counts = new Map<string, number>();

  add(reasons: readonly string[], times = 1): void {
    if (times <= 0) return;
    for (const reason of reasons) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + times);
  }

  /** `0/3 nodes are available: 1 Insufficient cpu, 2 …` (framework.FitError), ending in a full stop. */
  message(nodes: number): string {
    const parts = [...this.#counts].map(([reason, count]) => `${count} ${reason}`).sort();
    return `0/${nodes} nodes are available:${parts.length > 0 ? ` ${parts.join(', ')}.` : ''}`;
  }
}
