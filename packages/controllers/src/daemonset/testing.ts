import type { k8s } from '@sampan/api';
import type { DaemonSet, Node, Pod } from '../workloads/objects.ts';
import { type PodOptions, podOf } from '../workloads/testing.ts';

/** For tests: DaemonSets, nodes, and pods on them. */
export function setOf(spec: Partial<k8s.DaemonSetSpec> = {}, podSpec: k8s.PodSpec = {}): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'd', namespace: 'default', uid: 'd', generation: 1 },
    spec: {
      selector: { matchLabels: { app: 'd' } },
      template: { metadata: { labels: { app: 'd' } }, spec: podSpec },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      ...spec,
    },
  };
}

export const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
});

export const nodeOf = (
  name: string,
  taints: readonly k8s.Taint[] = [],
  labels: Record<string, string> = {},
): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: taints.length > 0 ? { taints: [...taints] } : {},
});

export const taint = (effect: string, key = 'own', value = 'use'): k8s.Taint => ({ key, value, effect });

/** A pod of revision `hash` on a node. */
export const podOn = (node: string, name: string, hash: string, options: PodOptions = {}): Pod =>
  podOf(name, { node, labels: { app: 'd', 'controller-revision-hash': hash }, ...options });
