import type { ClusterState } from './cluster-state.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { CPU, MEMORY } from './resources.ts';
import { tolerates } from './taints.ts';

/** Upstream's default weights (kube-scheduler's default plug-ins). */
export const WEIGHTS = {
  taints: 3,
  nodeAffinity: 2,
  spread: 2,
  podAffinity: 2,
  fit: 1,
  balance: 1,
  images: 1,
} as const;

export const MOST = 100;

/** The score that a node alone decides: free room, balance of CPU and memory, images that are there; weighted. */
export function scoreNode(pod: PodInfo, node: NodeInfo, state: ClusterState): number {
  const cpu = node.allocatable[CPU] ?? 0;
  const memory = node.allocatable[MEMORY] ?? 0;
  const takenCpu = node.scoredCpu + pod.scoredCpu;
  const takenMemory = node.scoredMemory + pod.scoredMemory;
  return (
    WEIGHTS.fit * leastAllocated(takenCpu, cpu, takenMemory, memory) +
    WEIGHTS.balance * balanced(pod, node, cpu, memory) +
    (node.images.size === 0 ? 0 : WEIGHTS.images * imageScore(pod, node, state))
  );
}

function leastAllocated(takenCpu: number, cpu: number, takenMemory: number, memory: number): number {
  const parts = (cpu > 0 ? 1 : 0) + (memory > 0 ? 1 : 0);
  return parts === 0 ? 0 : Math.floor((free(takenCpu, cpu) + free(takenMemory, memory)) / parts);
}

const free = (taken: number, all: number): number =>
  all === 0 || taken > all ? 0 : Math.floor(((all - taken) * MOST) / all);

/** 100 when CPU and memory would be used alike (BalancedAllocation; the deviation of two fractions). */
function balanced(pod: PodInfo, node: NodeInfo, cpu: number, memory: number): number {
  if (cpu === 0 || memory === 0) return MOST;
  const usedCpu = Math.min(1, ((node.requested[CPU] ?? 0) + (pod.requests[CPU] ?? 0)) / cpu);
  const usedMemory = Math.min(1, ((node.requested[MEMORY] ?? 0) + (pod.requests[MEMORY] ?? 0)) / memory);
  return Math.floor((1 - Math.abs(usedCpu - usedMemory) / 2) * MOST);
}

const MB = 1024 * 1024;
const SMALLEST = 23 * MB;
const LARGEST_PER_CONTAINER = 1000 * MB;

/** Images that more nodes have count more, so that pods do not all go where one node happens to have an image. */
function imageScore(pod: PodInfo, node: NodeInfo, state: ClusterState): number {
  const { images, containers } = pod.constraints;
  let sum = 0;
  for (const image of images) {
    const size = node.images.get(image);
    if (size !== undefined)
      sum += Math.floor(size * ((state.imageNodes.get(image) ?? 1) / Math.max(1, state.nodeCount)));
  }
  const largest = LARGEST_PER_CONTAINER * containers;
  const bounded = Math.min(largest, Math.max(SMALLEST, sum));
  return Math.floor((MOST * (bounded - SMALLEST)) / (largest - SMALLEST));
}

/** Weights of the preferences that a node meets. */
export function preferenceOf(pod: PodInfo, node: NodeInfo): number {
  let sum = 0;
  for (const { weight, term } of pod.constraints.preferredNodes)
    if (term.matches(node.labels, node.name)) sum += weight;
  return sum;
}

/** PreferNoSchedule taints that a pod does not bear. */
export function unwantedTaints(pod: PodInfo, node: NodeInfo): number {
  const { preferTolerations } = pod.constraints;
  let count = 0;
  for (const taint of node.softTaints) if (!tolerates(preferTolerations, taint)) count++;
  return count;
}
