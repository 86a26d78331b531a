/** The stable kinds of the smaller groups. */
import { get, kindScenario, namespace } from '../build.ts';

export const STORAGE_CLASSES = kindScenario({
  name: 'storageclasses',
  collection: '/apis/storage.k8s.io/v1/storageclasses',
  object: {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'trial-gold' },
    provisioner: 'example.com/disks',
    parameters: { type: 'ssd' },
  },
  cases: {
    'no provisioner': { provisioner: undefined },
    'bad provisioner': { provisioner: 'a b' },
    'unknown reclaim policy': { reclaimPolicy: 'Odd' },
    recycle: { reclaimPolicy: 'Recycle' },
    'unknown binding mode': { volumeBindingMode: 'Odd' },
    'wait for consumer': { volumeBindingMode: 'WaitForFirstConsumer', allowVolumeExpansion: true },
    'parameter without a name': { parameters: { '': 'x' } },
    topologies: { allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] }] },
    'topologies twice': {
      allowedTopologies: [
        {
          matchLabelExpressions: [
            { key: 'zone', values: ['a', 'a'] },
            { key: 'zone', values: [] },
          ],
        },
      ],
    },
  },
  updates: {
    'change the provisioner': { provisioner: 'example.com/x' },
    'change parameters': { parameters: {} },
    'allow expansion': { allowVolumeExpansion: true },
  },
});

export const VOLUME_ATTACHMENTS = kindScenario({
  name: 'volumeattachments',
  collection: '/apis/storage.k8s.io/v1/volumeattachments',
  object: {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: 'trial-va' },
    spec: { attacher: 'csi.example.com', nodeName: 'n', source: { persistentVolumeName: 'v' } },
  },
  cases: {
    'no attacher': { 'spec/attacher': undefined },
    'no node': { 'spec/nodeName': undefined },
    'no source': { 'spec/source': {} },
    'bad volume name': { 'spec/source': { persistentVolumeName: '' } },
  },
  updates: { 'change the node': { 'spec/nodeName': 'm' } },
  status: { attached: true },
});

export const CSI_DRIVERS = kindScenario({
  name: 'csidrivers',
  collection: '/apis/storage.k8s.io/v1/csidrivers',
  object: {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: 'trial.example.com' },
    spec: {},
  },
  cases: {
    'bad lifecycle mode': { 'spec/volumeLifecycleModes': ['Odd'] },
    'lifecycle modes': { 'spec/volumeLifecycleModes': ['Ephemeral', 'Persistent'] },
    'unknown group policy': { 'spec/fsGroupPolicy': 'Odd' },
    'bad name': { 'metadata/name': 'a_b' },
  },
  updates: { 'change attach': { 'spec/attachRequired': false } },
});

export const CSI_NODES = kindScenario({
  name: 'csinodes',
  collection: '/apis/storage.k8s.io/v1/csinodes',
  object: {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { name: 'trial-csi' },
    spec: { drivers: [{ name: 'csi.example.com', nodeID: 'n', topologyKeys: ['zone'] }] },
  },
  cases: {
    'no drivers': { spec: {} },
    'no node': { 'spec/drivers/0/nodeID': undefined },
    'topology keys twice': { 'spec/drivers/0/topologyKeys': ['a', 'a', ''] },
    'drivers twice': {
      'spec/drivers': [
        { name: 'a', nodeID: 'n', topologyKeys: null },
        { name: 'a', nodeID: 'n', topologyKeys: null },
      ],
    },
    'negative count': { 'spec/drivers/0/allocatable': { count: -1 } },
  },
  updates: { 'change the node': { 'spec/drivers/0/nodeID': 'm' } },
});

export const PRIORITY_CLASSES = kindScenario({
  name: 'priorityclasses',
  collection: '/apis/scheduling.k8s.io/v1/priorityclasses',
  object: {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'trial-high' },
    value: 1000,
  },
  cases: {
    'too high': { value: 2_000_000_000 },
    'system name': { 'metadata/name': 'system-own' },
    'never preempts': { preemptionPolicy: 'Never' },
    'unknown preemption': { preemptionPolicy: 'Odd' },
    'value is text': { value: '5' },
    'global default': { globalDefault: true },
  },
  updates: {
    'change the value': { value: 5 },
    'change preemption': { preemptionPolicy: 'Never' },
    'change the description': { description: 'x' },
  },
});

export const RUNTIME_CLASSES = kindScenario({
  name: 'runtimeclasses',
  collection: '/apis/node.k8s.io/v1/runtimeclasses',
  object: {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'trial-gvisor' },
    handler: 'runsc',
  },
  cases: {
    'no handler': { handler: undefined },
    'bad handler': { handler: 'A_' },
    overhead: { overhead: { podFixed: { cpu: '10m', memory: '16Mi' } } },
    scheduling: { scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'c', operator: 'Exists' }] } },
    'bad scheduling': { scheduling: { nodeSelector: { 'a b': '' }, tolerations: [{ operator: 'Odd' }] } },
  },
  updates: { 'change the handler': { handler: 'other' } },
});

export const LEASES = kindScenario({
  name: 'leases',
  before: [namespace('trial-leases')],
  collection: '/apis/coordination.k8s.io/v1/namespaces/trial-leases/leases',
  object: {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l' },
    spec: { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.123456Z' },
  },
  cases: {
    'no spec': { spec: undefined },
    'zero duration': { 'spec/leaseDurationSeconds': 0 },
    'negative transitions': { 'spec/leaseTransitions': -1 },
    'time of seconds': { 'spec/renewTime': '2020-01-01T00:00:00Z' },
    'time that is none': { 'spec/renewTime': 'now' },
  },
  updates: {
    'change the holder': { 'spec/holderIdentity': 'you', 'spec/acquireTime': '2020-01-01T00:00:01.000000Z' },
  },
});

export const EVENTS = kindScenario({
  name: 'events',
  before: [namespace('trial-events')],
  collection: '/api/v1/namespaces/trial-events/events',
  object: {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'trial-events' },
    reason: 'Started',
    message: 'it runs',
    type: 'Normal',
    count: 1,
    firstTimestamp: '2020-01-01T00:00:00Z',
    lastTimestamp: '2020-01-01T00:00:00Z',
    source: { component: 'c', host: 'h' },
  },
  cases: {
    'another namespace': { 'involvedObject/namespace': 'default' },
    'no namespace of the object': { 'involvedObject/namespace': undefined },
    'no type': { type: undefined },
  },
  updates: { 'count more': { count: 2 } },
  after: [
    get(
      'field selector of events',
      '/api/v1/namespaces/trial-events/events?fieldSelector=involvedObject.kind%3DPod%2Creason%3DStarted',
    ),
    get('the other group shows it', '/apis/events.k8s.io/v1/namespaces/trial-events/events/e'),
  ],
});

export const NEW_EVENTS = kindScenario({
  name: 'events.k8s.io',
  before: [namespace('trial-events')],
  collection: '/apis/events.k8s.io/v1/namespaces/trial-events/events',
  object: {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'n' },
    eventTime: '2020-01-01T00:00:00.000000Z',
    reportingController: 'example.com/c',
    reportingInstance: 'c-1',
    action: 'Start',
    reason: 'Started',
    type: 'Normal',
    regarding: { kind: 'Pod', name: 'p', namespace: 'trial-events' },
    note: 'runs',
  },
  cases: {
    'no time': { eventTime: undefined },
    'no controller': { reportingController: undefined },
    'bad controller': { reportingController: 'a b' },
    'no instance': { reportingInstance: undefined },
    'no action': { action: undefined },
    'no reason': { reason: undefined },
    'unknown type': { type: 'Odd' },
    'note too long': { note: 'a'.repeat(1025) },
    series: { series: { count: 2, lastObservedTime: '2020-01-01T00:00:00.000000Z' } },
    'deprecated fields': { deprecatedCount: 1 },
  },
  updates: {
    'change the note': { note: 'other' },
    'change the series': { series: { count: 3, lastObservedTime: '2020-01-01T00:00:00.000000Z' } },
  },
});

export const AUTOSCALERS_V1 = kindScenario({
  name: 'horizontalpodautoscalers',
  before: [namespace('trial-scalers')],
  collection: '/apis/autoscaling/v1/namespaces/trial-scalers/horizontalpodautoscalers',
  object: {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h' },
    spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' } },
  },
  cases: {
    'no maximum': { 'spec/maxReplicas': undefined },
    'minimum above the maximum': { 'spec/minReplicas': 6 },
    'zero minimum': { 'spec/minReplicas': 0 },
    'cpu target': { 'spec/targetCPUUtilizationPercentage': 60 },
    'zero cpu target': { 'spec/targetCPUUtilizationPercentage': 0 },
    'no target': { 'spec/scaleTargetRef': undefined },
    'bad target': { 'spec/scaleTargetRef': { kind: 'A/B', name: 'c/d' } },
  },
  updates: { 'change the maximum': { 'spec/maxReplicas': 6 } },
  status: { currentReplicas: 1, desiredReplicas: 2 },
});

export const AUTOSCALERS = kindScenario({
  name: 'horizontalpodautoscalers-v2',
  spelled: [['autoscaling/v2', 'autoscaling/v2beta2']],
  before: [namespace('trial-scalers')],
  collection: '/apis/autoscaling/v2/namespaces/trial-scalers/horizontalpodautoscalers',
  object: {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h2' },
    spec: {
      maxReplicas: 5,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' },
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
    },
  },
  cases: {
    'default metrics': { 'spec/metrics': undefined },
    'behavior defaults': {
      'spec/behavior': {
        scaleDown: { stabilizationWindowSeconds: 60 },
        scaleUp: { policies: [{ type: 'Pods', value: 2, periodSeconds: 15 }] },
      },
    },
    'bad behavior': {
      'spec/behavior': {
        scaleDown: {
          stabilizationWindowSeconds: 5000,
          selectPolicy: 'Odd',
          policies: [{ type: 'Odd', value: 0, periodSeconds: 0 }],
        },
      },
    },
    'unknown metric type': { 'spec/metrics': [{ type: 'Odd' }] },
    'metric without its source': { 'spec/metrics': [{ type: 'Pods' }] },
    'metric with two targets': {
      'spec/metrics': [
        {
          type: 'Resource',
          resource: {
            name: 'cpu',
            target: { type: 'Utilization', averageUtilization: 50, averageValue: '1' },
          },
        },
      ],
    },
    'metric without a target': { 'spec/metrics': [{ type: 'Resource', resource: { name: 'cpu' } }] },
    'object, pods, external and container metrics': {
      'spec/metrics': [
        {
          type: 'Object',
          object: {
            describedObject: { kind: 'Service', name: 's', apiVersion: 'v1' },
            metric: { name: 'hits' },
            target: { type: 'Value', value: '10' },
          },
        },
        {
          type: 'Pods',
          pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '1k' } },
        },
        {
          type: 'External',
          external: {
            metric: { name: 'q', selector: { matchLabels: { a: 'b' } } },
            target: { type: 'AverageValue', averageValue: '1' },
          },
        },
        {
          type: 'ContainerResource',
          containerResource: {
            name: 'cpu',
            container: 'c',
            target: { type: 'Utilization', averageUtilization: 50 },
          },
        },
      ],
    },
  },
  updates: { 'no metrics': { 'spec/metrics': [] } },
});
