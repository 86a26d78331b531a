import type { KubeObject } from '@sampan/api';

export const POD_SHAPES = ['plain', 'replicas', 'zones', 'apart'] as const;
export type PodShape = (typeof POD_SHAPES)[number];
export const isPodShape = (text: string): text is PodShape =>
  (POD_SHAPES as readonly string[]).includes(text);

export interface Load {
  readonly nodes: number;
  readonly pods: number;
  /** plain: nothing but requests; replicas: of ten ReplicaSets; zones: spread over zones; apart: one on a node. */
  readonly kind: PodShape;
}

const ZONES = 3;
const REPLICA_SETS = 10;
/** Of upstream's scheduler_perf. */
const ALLOCATABLE = { cpu: '4', memory: '32Gi', pods: '110' };
const REQUESTS = { cpu: '100m', memory: '500Mi' };

export function node(i: number): KubeObject {
  const name = `node-${i}`;
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${i % ZONES}` };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    status: {
      allocatable: ALLOCATABLE,
      capacity: ALLOCATABLE,
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

export function pod(i: number, kind: PodShape): KubeObject {
  const selector = { matchLabels: { app: 'load' } };
  const spread = {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: selector,
      },
    ],
  };
  const apart = {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: selector },
        ],
      },
    },
  };
  const uid = `00000000-0000-4000-8000-00000000000${i % REPLICA_SETS}`;
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `set-${i % REPLICA_SETS}`, uid };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${i}`,
      namespace: 'default',
      labels: { app: 'load' },
      ...(kind === 'replicas' ? { ownerReferences: [{ ...owner, controller: true }] } : {}),
    },
    spec: {
      containers: [{ name: 'pause', image: 'pause:3', resources: { requests: REQUESTS } }],
      ...(kind === 'zones' ? spread : {}),
      ...(kind === 'apart' ? apart : {}),
    },
  };
}
