import { expect, it } from 'vitest';
import type { KubeObject } from '../meta/object.ts';
import { compareGroups, compareVersions, groupPriorities } from './groups.ts';
import { kinds, legacyKinds } from './kinds.ts';
import type { ResourceDefinition } from './resource.ts';

function find(group: string, version: string, resource: string): ResourceDefinition {
  const found = [...kinds, ...legacyKinds].find(
    (d) => d.group === group && d.version === version && d.resource === resource,
  );
  if (!found) throw new Error(`no ${resource}`);
  return found;
}

const roundTrip = (definition: ResourceDefinition, object: KubeObject): KubeObject | undefined =>
  definition.storage?.fromStorage(definition.storage.toStorage(object));

it('has a schema with metadata or a spec for every kind, and no two of the same name', () => {
  const names = [...kinds, ...legacyKinds].map((d) => `${d.group}/${d.version}/${d.resource}`);
  expect(new Set(names).size).toBe(names.length);
  for (const definition of [...kinds, ...legacyKinds]) {
    expect(definition.schema.fields.has('metadata'), definition.kind).toBe(true);
  }
});

it('lists the groups in the order of their priority', () => {
  const groups = [...new Set(kinds.map((d) => d.group))];
  expect(groups).toEqual([...groups].sort(compareGroups));
  expect(groups).toEqual(groupPriorities.map((g) => g.group));
});

it('orders versions as Kubernetes does', () => {
  const sorted = [
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v10beta3',
    'v3beta1',
    'v12alpha1',
    'v11alpha2',
    'foo1',
    'foo10',
  ];
  expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
});

it('shows a core Event as an events.k8s.io Event and back', () => {
  const definition = find('events.k8s.io', 'v1', 'events');
  const stored: KubeObject = {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p' },
    message: 'hello',
    source: { component: 'x' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: null,
    count: 3,
    eventTime: null,
    reportingComponent: 'c',
    reportingInstance: '',
  };
  const shown = definition.storage?.fromStorage(stored);
  expect(shown).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    note: 'hello',
    regarding: { kind: 'Pod', name: 'p' },
    deprecatedSource: { component: 'x' },
    deprecatedCount: 3,
    reportingController: 'c',
  });
  expect(definition.storage?.toStorage(shown as KubeObject)).toEqual(stored);
});

it('keeps what autoscaling/v1 has no field for in annotations', () => {
  const definition = find('autoscaling', 'v1', 'horizontalpodautoscalers');
  const stored: KubeObject = {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v2',
    metadata: { name: 'h', annotations: { mine: 'x' } },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'd' },
      maxReplicas: 3,
      metrics: [
        {
          type: 'Pods',
          pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } },
        },
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
      behavior: {
        scaleDown: {
          stabilizationWindowSeconds: 60,
          policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
        },
      },
    },
    status: {
      desiredReplicas: 1,
      currentReplicas: 2,
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageValue: '100m', averageUtilization: 40 } },
        },
      ],
      conditions: [{ type: 'AbleToScale', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    },
  };
  const shown = definition.storage?.fromStorage(stored) as KubeObject;
  expect(shown.spec).toEqual({
    scaleTargetRef: { kind: 'Deployment', name: 'd' },
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 50,
  });
  expect(shown.status).toEqual({
    currentReplicas: 2,
    desiredReplicas: 1,
    currentCPUUtilizationPercentage: 40,
  });
  expect(shown.metadata.annotations?.['autoscaling.alpha.kubernetes.io/metrics']).toBe(
    '[{"type":"Pods","pods":{"metricName":"rps","targetAverageValue":"10"}}]',
  );
  expect(shown.metadata.annotations?.['autoscaling.alpha.kubernetes.io/behavior']).toBe(
    '{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":60,"SelectPolicy":null,"Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":60}],"Tolerance":null}}',
  );
  expect(definition.storage?.toStorage(shown)).toEqual(stored);
});

it('gives an autoscaling/v1 object without a target the 80% that v1 means', () => {
  const definition = find('autoscaling', 'v1', 'horizontalpodautoscalers');
  const made = definition.storage?.toStorage({
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v1',
    metadata: { name: 'h' },
    spec: { scaleTargetRef: { kind: 'D', name: 'd' }, maxReplicas: 1 },
    status: { currentReplicas: 0, desiredReplicas: 0 },
  });
  expect(made?.spec.metrics[0].resource.target).toEqual({ type: 'Utilization', averageUtilization: 80 });
});

it('tells an empty selector of policy/v1beta1 from one of policy/v1', () => {
  const definition = find('policy', 'v1beta1', 'poddisruptionbudgets');
  const object = {
    kind: 'PodDisruptionBudget',
    apiVersion: 'policy/v1beta1',
    metadata: {},
    spec: { selector: {} },
  };
  expect(definition.storage?.toStorage(object).spec.selector.matchExpressions).toHaveLength(1);
  expect(roundTrip(definition, object)?.spec).toEqual({ selector: {} });
});

it('moves the zone of a v1beta1 endpoint into its field', () => {
  const definition = find('discovery.k8s.io', 'v1beta1', 'endpointslices');
  const endpoint = {
    addresses: ['10.0.0.1'],
    conditions: {},
    nodeName: 'n',
    topology: { 'topology.kubernetes.io/zone': 'z', 'kubernetes.io/hostname': 'n', rack: '1' },
  };
  const object = {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1beta1',
    metadata: {},
    addressType: 'IPv4',
    endpoints: [endpoint],
    ports: null,
  };
  expect(definition.storage?.toStorage(object).endpoints[0]).toEqual({
    addresses: ['10.0.0.1'],
    conditions: {},
    nodeName: 'n',
    zone: 'z',
    deprecatedTopology: { rack: '1' },
  });
  expect(roundTrip(definition, object)?.endpoints[0]).toEqual(endpoint);
});
