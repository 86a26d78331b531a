import type { k8s } from '@sampan/api';
import { formatTime } from '../time.ts';
import type { Node } from '../workloads/objects.ts';
import { timeOf } from '../workloads/pod-state.ts';

/** --node-monitor-grace-period: a node that was not heard of for so long may be dead. */
export const GRACE_MS = 50_000;
/** --node-startup-grace-period: the same for one that never told its state. */
export const STARTUP_GRACE_MS = 60_000;

/** What a silent node says nothing about any more. */
const TOLD_BY_NODE = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

export function readyCondition(node: Node): k8s.NodeCondition | undefined {
  return conditionsOf(node).find(({ type }) => type === 'Ready');
}

export const conditionsOf = (node: Node): readonly k8s.NodeCondition[] => node.status?.conditions ?? [];

/** What changes with each sign of life in a node's status. */
export const heartbeatOf = (node: Node): string => readyCondition(node)?.lastHeartbeatTime ?? '';

export interface HealthDecision {
  /** To be written; absent: all is as it should be. */
  readonly conditions?: readonly k8s.NodeCondition[];
  /** When the node will be found silent unless it is heard of. */
  readonly afterMs?: number;
}

/**
 * Conditions of a node that was last heard of `silentMs` ago (upstream's tryUpdateNodeHealth). A node that never told
 * its state counts as heard of when it was made. Pure.
 */
export function decideHealth(node: Node, silentMs: number, now: number): HealthDecision {
  const grace = readyCondition(node) ? GRACE_MS : STARTUP_GRACE_MS;
  if (silentMs <= grace) return { afterMs: grace - silentMs };
  const conditions = new Map(conditionsOf(node).map((condition) => [condition.type, condition]));
  let changed = false;
  for (const type of TOLD_BY_NODE) {
    const present = conditions.get(type);
    if (present?.status === 'Unknown') continue;
    changed = true;
    conditions.set(type, present ? silent(present, now) : neverTold(node, type, now));
  }
  return changed ? { conditions: [...conditions.values()] } : {};
}

const silent = (condition: k8s.NodeCondition, now: number): k8s.NodeCondition => ({
  ...condition,
  status: 'Unknown',
  reason: 'NodeStatusUnknown',
  message: 'Kubelet stopped posting node status.',
  lastTransitionTime: formatTime(now),
});

const neverTold = (node: Node, type: string, now: number): k8s.NodeCondition => ({
  type,
  status: 'Unknown',
  reason: 'NodeStatusNeverUpdated',
  message: 'Kubelet never posted node status.',
  lastHeartbeatTime: formatTime(timeOf(node.metadata.creationTimestamp)),
  lastTransitionTime: formatTime(now),
});
