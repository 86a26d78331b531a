import type { k8s } from '@sampan/api';
import type { Node } from '../src/types.ts';
import { nodeOf } from './objects.ts';
import type { Random } from './random.ts';

export const APPS = ['a', 'b', 'c'];
const ZONES = ['x', 'y', 'z'];
const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';

export function randomNode(random: Random, name: string): Node {
  const taint = { key: 'team', value: random.pick(APPS), effect: 'NoSchedule' };
  const labels = {
    ...(random.chance(0.8) ? { [ZONE]: random.pick(ZONES) } : {}),
    ...(random.chance(0.5) ? { disk: random.pick(['ssd', 'hdd']) } : {}),
    rank: String(random.below(5)),
  };
  const amounts = {
    cpu: random.pick(['1', '2', '4']),
    memory: random.pick(['1Gi', '4Gi']),
    pods: random.pick(['3', '10', '110']),
    ...(random.chance(0.2) ? { 'example.com/gpu': '2' } : {}),
  };
  const spec = {
    ...(random.chance(0.2) ? { taints: [taint] } : {}),
    ...(random.chance(0.05) ? { unschedulable: true } : {}),
  };
  return nodeOf(name, amounts, { metadata: { labels }, spec });
}

export function randomSpec(random: Random): k8s.PodSpec {
  const selector = (): k8s.LabelSelector =>
    random.chance(0.8)
      ? { matchLabels: { app: random.pick(APPS) } }
      : { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [random.pick(APPS)] }] };
  const term = (): k8s.PodAffinityTerm => ({
    topologyKey: random.pick([ZONE, HOST]),
    labelSelector: selector(),
    ...(random.chance(0.2) ? { namespaceSelector: {} } : {}),
  });
  const requirement = (): k8s.NodeSelectorRequirement =>
    random.pick([
      { key: 'disk', operator: 'In', values: ['ssd'] },
      { key: 'disk', operator: 'DoesNotExist' },
      { key: 'rank', operator: 'Gt', values: ['1'] },
      { key: ZONE, operator: 'NotIn', values: ['x'] },
    ]);
  const affinity: k8s.Affinity = {
    ...(random.chance(0.2)
      ? {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [requirement()] },
                { matchExpressions: [requirement()] },
              ],
            },
          },
        }
      : {}),
    ...(random.chance(0.15)
      ? { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term()] } }
      : {}),
    ...(random.chance(0.15)
      ? {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [term()],
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, podAffinityTerm: term() }],
          },
        }
      : {}),
  };
  const spread = (): k8s.TopologySpreadConstraint => ({
    topologyKey: random.pick([ZONE, HOST]),
    maxSkew: 1 + random.below(2),
    whenUnsatisfiable: random.pick(['DoNotSchedule', 'DoNotSchedule', 'ScheduleAnyway']),
    labelSelector: selector(),
    ...(random.chance(0.3) ? { nodeTaintsPolicy: 'Honor' } : {}),
  });
  const device: Record<string, string> = random.chance(0.1) ? { 'example.com/gpu': '1' } : {};
  const minDomains = random.chance(0.2) ? { minDomains: 1 + random.below(4) } : {};
  return {
    affinity,
    ...(random.chance(0.2) ? { tolerations: [{ key: 'team', operator: 'Exists' }] } : {}),
    ...(random.chance(0.1) ? { nodeSelector: { disk: 'hdd' } } : {}),
    ...(random.chance(0.2)
      ? {
          topologySpreadConstraints: unique([
            ...(random.chance(0.3) ? [spread()] : []),
            { ...spread(), whenUnsatisfiable: 'DoNotSchedule', ...minDomains },
          ]),
        }
      : {}),
    containers: [
      {
        name: 'c',
        image: 'c:1',
        ...(random.chance(0.1) ? { ports: [{ containerPort: 80, hostPort: 80 + random.below(2) }] } : {}),
        resources: {
          requests: {
            cpu: random.pick(['100m', '300m', '1']),
            memory: random.pick(['100Mi', '500Mi']),
            ...device,
          },
          limits: device,
        },
      },
    ],
  };
}

/** The API takes only one constraint for each topology and each way of minding it. */
const unique = (constraints: k8s.TopologySpreadConstraint[]): k8s.TopologySpreadConstraint[] => [
  ...new Map(
    constraints.map((one) => [`${one.topologyKey} ${one.whenUnsatisfiable}`, one] as const),
  ).values(),
];
