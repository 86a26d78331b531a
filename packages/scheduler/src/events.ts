import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** What may help pods that wait. */
export type ClusterEvent =
  /** A node came or became another. */
  | { readonly kind: 'node'; readonly node: NodeInfo; readonly topology: boolean }
  /** A pod left a node, or takes less of it, or differs by its labels. */
  | { readonly kind: 'pod-gone'; readonly node: NodeInfo; readonly pod: PodInfo }
  /** A pod is on a node now. */
  | { readonly kind: 'pod-there'; readonly node: NodeInfo; readonly pod: PodInfo }
  | { readonly kind: 'namespace' }
  | { readonly kind: 'claim'; readonly namespace: string; readonly name: string }
  /** Volumes, classes, what nodes can attach. */
  | { readonly kind: 'storage' };
