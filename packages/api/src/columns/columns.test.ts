import { describe, expect, test } from 'vitest';
import { objectOf } from '../core/testing.ts';
import { kindColumns } from '../kinds/columns.ts';
import type { KubeObject } from '../meta/object.ts';
import { humanDuration } from './duration.ts';
import { podRowConditions } from './pod.ts';

const NOW = Date.UTC(2026, 0, 2);
const YESTERDAY = '2026-01-01T00:00:00Z';

/** The row as `kubectl get` shows it, wide columns in brackets. */
function row(key: string, fields: Record<string, unknown>): Record<string, unknown> {
  const object: KubeObject = objectOf({
    ...fields,
    metadata: { creationTimestamp: YESTERDAY, ...(fields.metadata as object) },
  });
  const cells = (kindColumns[key] ?? []).map((column) => [
    column.priority ? `[${column.name}]` : column.name,
    column.cell(object, NOW),
  ]);
  return Object.fromEntries(cells);
}

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test.each([
  [-2 * S, '<invalid>'],
  [-1 * S, '0s'],
  [-500, '0s'],
  [119 * S, '119s'],
  [2 * M, '2m'],
  [9 * M + 59 * S, '9m59s'],
  [10 * M + 30 * S, '10m'],
  [179 * M, '179m'],
  [3 * H + 20 * M, '3h20m'],
  [8 * H + 20 * M, '8h'],
  [47 * H, '47h'],
  [2 * D + H, '2d1h'],
  [8 * D + H, '8d'],
  [729 * D, '729d'],
  [730 * D, '2y'],
  [735 * D, '2y5d'],
  [3000 * D, '8y'],
])('%d ms are %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

describe('pods', () => {
  const container = (state: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
    name: 'c',
    state,
    ...more,
  });
  const spec = {
    containers: [{ name: 'c' }],
    initContainers: [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }],
  };

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'are what their phase says',
      { status: { phase: 'Pending' } },
      { Status: 'Pending', Ready: '0/1', Restarts: '0' },
    ],
    [
      'are running when their containers are',
      { status: { phase: 'Running', containerStatuses: [container({ running: {} }, { ready: true })] } },
      { Status: 'Running', Ready: '1/1' },
    ],
    [
      'are what their container waits for',
      {
        status: {
          phase: 'Running',
          containerStatuses: [
            container(
              { waiting: { reason: 'CrashLoopBackOff' } },
              { restartCount: 3, lastState: { terminated: { finishedAt: '2026-01-01T23:55:00Z' } } },
            ),
          ],
        },
      },
      { Status: 'CrashLoopBackOff', Restarts: '3 (5m ago)' },
    ],
    [
      'are what their container ended with',
      { status: { phase: 'Failed', containerStatuses: [container({ terminated: { exitCode: 2 } })] } },
      { Status: 'ExitCode:2' },
    ],
    [
      'count what is initialized',
      { spec, status: { phase: 'Pending', initContainerStatuses: [{ name: 'i', state: { running: {} } }] } },
      { Status: 'Init:0/2', Ready: '0/2' },
    ],
    [
      'count a sidecar that runs',
      {
        spec,
        status: {
          phase: 'Running',
          initContainerStatuses: [
            { name: 'i', state: { terminated: { exitCode: 0 } } },
            { name: 's', started: true, ready: true, state: { running: {} } },
          ],
          containerStatuses: [container({ running: {} }, { ready: true })],
        },
      },
      { Status: 'Running', Ready: '2/2' },
    ],
    [
      'wait at a gate',
      {
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        },
      },
      { Status: 'SchedulingGated' },
    ],
    [
      'are terminating until they have ended',
      { metadata: { deletionTimestamp: YESTERDAY }, status: { phase: 'Running' } },
      { Status: 'Terminating', '[Node]': '<none>' },
    ],
  ])('%s', (_, fields, expected) => {
    expect(row('/Pod', { spec: { containers: [{ name: 'c' }] }, ...fields })).toMatchObject(expected);
  });

  test('are marked when they have ended', () => {
    expect(podRowConditions(objectOf({ status: { phase: 'Succeeded' } }))).toEqual([
      {
        type: 'Completed',
        status: 'True',
        reason: 'Succeeded',
        message: 'The pod has completed successfully.',
      },
    ]);
    expect(podRowConditions(objectOf({ status: { phase: 'constructor' } }))).toEqual([]);
  });
});

test.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
  [
    'a deployment',
    'apps/Deployment',
    {
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: { spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
      status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 },
    },
    {
      Name: 'one',
      Ready: '2/3',
      'Up-to-date': 3,
      Available: 2,
      Age: '24h',
      '[Containers]': 'c',
      '[Images]': 'i',
      '[Selector]': 'app=web',
    },
  ],
  [
    'a service',
    '/Service',
    {
      spec: {
        type: 'NodePort',
        clusterIPs: ['10.96.0.5'],
        ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }],
      },
    },
    {
      Name: 'one',
      Type: 'NodePort',
      'Cluster-IP': '10.96.0.5',
      'External-IP': '<none>',
      'Port(s)': '80:30080/TCP',
      Age: '24h',
      '[Selector]': '<none>',
    },
  ],
  [
    'a pending load balancer',
    '/Service',
    { spec: { type: 'LoadBalancer' } },
    { 'External-IP': '<pending>', 'Port(s)': '<none>' },
  ],
  [
    'a node',
    '/Node',
    {
      metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: { conditions: [{ type: 'Ready', status: 'Unknown' }], nodeInfo: { kubeletVersion: 'v1' } },
    },
    {
      Status: 'NotReady,SchedulingDisabled',
      Roles: 'control-plane',
      Version: 'v1',
      '[OS-Image]': '<unknown>',
    },
  ],
  [
    'endpoints',
    '/Endpoints',
    {
      subsets: [
        { addresses: ['1', '2', '3', '4'].map((n) => ({ ip: `10.0.0.${n}` })), ports: [{ port: 80 }] },
      ],
    },
    { Endpoints: '10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...' },
  ],
  [
    'a claim',
    '/PersistentVolumeClaim',
    {
      spec: { volumeName: 'v', storageClassName: 'fast', volumeMode: 'Block' },
      status: {
        phase: 'Bound',
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
      },
    },
    {
      Status: 'Bound',
      Volume: 'v',
      Capacity: '1Gi',
      'Access Modes': 'RWO,RWX',
      StorageClass: 'fast',
      VolumeAttributesClass: '<unset>',
      '[VolumeMode]': 'Block',
    },
  ],
  [
    'a job',
    'batch/Job',
    { spec: { completions: 2 }, status: { succeeded: 1, startTime: '2026-01-01T23:59:00Z' } },
    { Status: 'Running', Completions: '1/2', Duration: '60s' },
  ],
  [
    'an event',
    '/Event',
    {
      involvedObject: { kind: 'Pod', name: 'p' },
      lastTimestamp: YESTERDAY,
      type: 'Normal',
      message: ' hello ',
      source: { component: 'c', host: 'h' },
    },
    {
      'Last Seen': '24h',
      Object: 'pod/p',
      Message: 'hello',
      '[Source]': 'c, h',
      '[First Seen]': '<unknown>',
      '[Count]': 1,
    },
  ],
  [
    'a quota',
    '/ResourceQuota',
    { status: { hard: { pods: '5', 'limits.cpu': '2' }, used: { pods: '1' } } },
    { Request: 'pods: 1/5', Limit: 'limits.cpu: 0/2' },
  ],
  [
    'an autoscaler',
    'autoscaling/HorizontalPodAutoscaler',
    {
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'web' },
        maxReplicas: 5,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }],
      },
    },
    {
      Reference: 'Deployment/web',
      Targets: 'cpu: <unknown>/80%',
      MinPods: '<unset>',
      MaxPods: 5,
      Replicas: 0,
    },
  ],
  ['a role', 'rbac.authorization.k8s.io/Role', {}, { Name: 'one', 'Created At': YESTERDAY }],
])('%s is shown as upstream shows it', (_, key, fields, expected) => {
  expect(row(key, fields)).toMatchObject(expected);
});
