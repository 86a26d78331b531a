import type { KubeObject } from '@sampan/api';
import type { Node, Pod } from '../src/types.ts';

export type Amounts = Record<string, string>;

export function nodeOf(name: string, amounts: Amounts = {}, more: Partial<KubeObject> = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: `node-${name}`,
      labels: { 'kubernetes.io/hostname': name, ...more.metadata?.labels },
    },
    spec: more.spec ?? {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...amounts }, ...more.status },
  };
}

export interface PodMore {
  readonly labels?: Record<string, string>;
  readonly namespace?: string;
  readonly spec?: object;
  readonly metadata?: object;
  readonly status?: object;
}

export function podOf(name: string, requests: Amounts = {}, more: PodMore = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: more.namespace ?? 'default',
      uid: `pod-${name}`,
      labels: more.labels ?? {},
      ...more.metadata,
    },
    spec: { containers: [{ name: 'c', image: 'c:1', resources: { requests } }], ...more.spec },
    status: more.status ?? {},
  };
}

/** The pod as it is on a node. */
export const placedOn = (pod: Pod, nodeName: string): Pod => ({ ...pod, spec: { ...pod.spec, nodeName } });
