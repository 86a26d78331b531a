import type { k8s } from '@sampan/api';
import { formatTime } from '../time.ts';
import type { Node } from '../workloads/objects.ts';
import { conditionsOf, readyCondition } from './health.ts';

export const NOT_READY = 'node.kubernetes.io/not-ready';
export const UNREACHABLE = 'node.kubernetes.io/unreachable';
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

/** Conditions that keep pods away, with the taint for each of their states (KEP-382, TaintNodesByCondition). */
const BY_CONDITION: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: NOT_READY, Unknown: UNREACHABLE },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const MANAGED = new Set([
  UNSCHEDULABLE,
  ...Object.values(BY_CONDITION).flatMap((states) => Object.values(states)),
]);

/** May pods be driven off? `yes` costs one of the evictions that are allowed per time. */
export type Eviction = 'yes' | 'not now' | 'take back';

export interface TaintDecision {
  /** Absent when the node has the right ones. */
  readonly taints?: k8s.Taint[];
  /** The node would get its first NoExecute taint, but not now. */
  readonly waits: boolean;
}

/** Which of the two NoExecute taints a node should have. */
export function evictionTaint(node: Node): string | undefined {
  const status = readyCondition(node)?.status;
  return status === 'False' ? NOT_READY : status === 'Unknown' ? UNREACHABLE : undefined;
}

export const hasEvictionTaint = ({ spec }: Node): boolean =>
  (spec.taints ?? []).some(
    ({ key, effect }) => effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE),
  );

/** The taints that follow from a node's state; others stay (upstream's node life-cycle controller). Pure. */
export function decideTaints(node: Node, eviction: Eviction, now: number): TaintDecision {
  const present = node.spec.taints ?? [];
  const away = new Set<string>();
  for (const { type, status } of conditionsOf(node)) {
    const states = Object.hasOwn(BY_CONDITION, type) ? BY_CONDITION[type] : undefined;
    const key = states && Object.hasOwn(states, status) ? states[status] : undefined;
    if (key) away.add(key);
  }
  if (node.spec.unschedulable) away.add(UNSCHEDULABLE);
  const out = evictionTaint(node);
  const known = readyCondition(node) !== undefined;
  const mayEvict = eviction === 'yes' || (eviction === 'not now' && hasEvictionTaint(node));
  const drive = out !== undefined && mayEvict ? out : undefined;
  const taints = present.filter(({ key, effect }) => {
    if (effect === 'NoSchedule' && MANAGED.has(key)) return away.delete(key);
    if (effect !== 'NoExecute' || !known || (key !== NOT_READY && key !== UNREACHABLE)) return true;
    return key === drive;
  });
  const has = (key: string) => taints.some((taint) => taint.key === key && taint.effect === 'NoExecute');
  const timeAdded = formatTime(now);
  const added = [...away].map((key): k8s.Taint => ({ key, effect: 'NoSchedule', timeAdded }));
  if (drive && !has(drive)) added.push({ key: drive, effect: 'NoExecute', timeAdded });
  const waits = eviction === 'not now' && out !== undefined && !drive;
  if (added.length === 0 && taints.length === present.length) return { waits };
  return { taints: [...taints, ...added], waits };
}
