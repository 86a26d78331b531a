import { describe, expect, test } from 'vitest';
import { eventsEventRules } from '../events/event.ts';
import type { KindRules } from '../kinds/resource.ts';
import { eventRules } from './event.ts';
import { limitRangeRules } from './limitrange.ts';
import { namespaceRules, validateNamespaceFinalize } from './namespace.ts';
import { nodeRules } from './node.ts';
import { persistentVolumeRules } from './persistentvolume.ts';
import { persistentVolumeClaimRules } from './persistentvolumeclaim.ts';
import { resourceQuotaRules } from './resourcequota.ts';
import { created, createMessages, objectOf, updateMessages } from './testing.ts';

type Case = [name: string, rules: KindRules, fields: Record<string, unknown>, messages: string[]];

const volume = (spec: Record<string, unknown>): Record<string, unknown> => ({
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: '/data' },
    ...spec,
  },
});
const claim = (spec: Record<string, unknown>): Record<string, unknown> => ({
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const limits = (limit: Record<string, unknown>): Record<string, unknown> => ({ spec: { limits: [limit] } });
const quota = (spec: Record<string, unknown>): Record<string, unknown> => ({ spec });

test.each<Case>([
  [
    'a volume has a source',
    persistentVolumeRules,
    volume({ hostPath: undefined }),
    ['spec: Required value: must specify a volume type'],
  ],
  [
    'a volume has one source',
    persistentVolumeRules,
    volume({ nfs: { server: 's', path: '/p' } }),
    ['spec.nfs: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'a local volume says where it is',
    persistentVolumeRules,
    volume({ hostPath: undefined, local: { path: '/d' } }),
    ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
  ],
  [
    'a host path goes nowhere up',
    persistentVolumeRules,
    volume({ hostPath: { path: '/a/../b' } }),
    [`spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'`],
  ],
  [
    'the root of a host is not recycled',
    persistentVolumeRules,
    volume({ hostPath: { path: '/.' }, persistentVolumeReclaimPolicy: 'Recycle' }),
    ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
  ],
  [
    'a volume has a size above nothing',
    persistentVolumeRules,
    volume({ capacity: { storage: '0' } }),
    ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
  ],
  [
    'a claim has a size',
    persistentVolumeClaimRules,
    claim({ resources: {} }),
    ['spec.resources[storage]: Required value'],
  ],
  [
    'a claim has access modes',
    persistentVolumeClaimRules,
    claim({ accessModes: [] }),
    ['spec.accessModes: Required value: at least 1 access mode is required'],
  ],
  [
    'a single-pod claim is only that',
    persistentVolumeClaimRules,
    claim({ accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'] }),
    ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
  ],
  [
    'a minimum is at most the maximum',
    limitRangeRules,
    limits({ type: 'Pod', min: { cpu: '3' }, max: { cpu: '2' } }),
    ['spec.limits[0].min[cpu]: Invalid value: "3": min value 3 is greater than max value 2'],
  ],
  [
    'a pod has no defaults',
    limitRangeRules,
    limits({ type: 'Pod', default: { cpu: '1' } }),
    ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
  ],
  [
    'a ratio fits the bounds',
    limitRangeRules,
    limits({ type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } }),
    [
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
    ],
  ],
  [
    'counted things are whole',
    resourceQuotaRules,
    quota({ hard: { pods: '500m' } }),
    ['spec.hard[pods]: Invalid value: "500m": must be an integer'],
  ],
  [
    'scopes do not contradict',
    resourceQuotaRules,
    quota({ scopes: ['BestEffort', 'NotBestEffort'] }),
    ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
  ],
  [
    'taints are unique',
    nodeRules,
    {
      spec: {
        taints: [
          { key: 'a', effect: 'NoSchedule' },
          { key: 'a', effect: 'NoSchedule' },
        ],
      },
    },
    [
      'metadata.taints[1]: Duplicate value: {"Effect":"NoSchedule","Key":"a","TimeAdded":null,"Value":""}: taints must be unique by key and effect pair',
    ],
  ],
  [
    'an event belongs to the namespace of its object',
    eventRules,
    { involvedObject: { namespace: 'other' } },
    ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
  ],
  [
    'a new event is complete',
    eventsEventRules,
    { regarding: { namespace: 'default' }, type: 'Odd' },
    ['eventTime: Required value', 'type: Invalid value: "": has invalid value: Odd'],
  ],
])('%s', (_, rules, fields, expected) => {
  expect(createMessages(rules, fields)).toEqual(expected);
});

describe('PersistentVolumeClaim', () => {
  test('grows when bound, and only then', () => {
    const from = created(persistentVolumeClaimRules, claim({}));
    const to = objectOf(claim({ resources: { requests: { storage: '2Gi' } }, volumeMode: 'Filesystem' }));
    const message =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    const errors = (phase: string) =>
      persistentVolumeClaimRules
        .validateUpdate?.({ ...to, status: { phase } }, from, { now: 0 })
        .map(({ field, detail }) => `${field}: ${detail}`);
    expect(errors('Bound')).toEqual([]);
    expect(errors('Pending')).toEqual([`spec: ${message}`]);
  });

  test('takes an equal amount written differently', () => {
    const to = claim({ resources: { requests: { storage: '1024Mi' } } });
    expect(updateMessages(persistentVolumeClaimRules, claim({}), to)).toEqual([]);
  });
});

describe('LimitRange', () => {
  test('fills the defaults of containers from each other', () => {
    const range = created(
      limitRangeRules,
      limits({ type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi' } }),
    );
    expect(range.spec.limits[0]).toMatchObject({
      default: { cpu: '2' },
      defaultRequest: { cpu: '2', memory: '1Mi' },
    });
  });
});

describe('Namespace', () => {
  test('carries its name as a label and the finalizer that empties it', () => {
    expect(created(namespaceRules, { metadata: { name: 'x' } })).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'x' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  test('has finalizers that are known or qualified', () => {
    const errors = validateNamespaceFinalize(objectOf({ spec: { finalizers: ['odd', 'example.com/x'] } }));
    expect(errors.map(({ field, detail }) => `${field}: ${detail}`)).toEqual([
      'spec.finalizers[0]: name is neither a standard finalizer name nor is it fully qualified',
    ]);
  });
});
