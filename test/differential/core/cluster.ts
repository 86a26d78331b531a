/** Cluster-scoped kinds of core/v1: Nodes, PersistentVolumes, Namespaces; and claims. */
import {
  get,
  IN_TABLES,
  kindScenario,
  namespace,
  patch,
  post,
  put,
  remove,
  TABLE,
  variants,
} from '../build.ts';
import type { Scenario } from '../step.ts';

export const NODES = kindScenario({
  name: 'nodes',
  collection: '/api/v1/nodes',
  object: {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'trial-node', labels: { 'kubernetes.io/os': 'linux' } },
    spec: { podCIDR: '10.9.0.0/24', taints: [{ key: 'a', effect: 'NoSchedule' }] },
  },
  cases: {
    'name with capitals': { 'metadata/name': 'Node' },
    'bad podCIDR': { 'spec/podCIDR': 'x', 'spec/podCIDRs': ['x'] },
    'two podCIDRs of one family': { 'spec/podCIDRs': ['10.9.0.0/24', '10.9.1.0/24'] },
    'bad taints': { 'spec/taints': [{ key: 'a b', effect: 'Odd' }, { effect: 'NoSchedule' }, { key: 'c' }] },
    'taints twice': {
      'spec/taints': [
        { key: 'a', effect: 'NoSchedule' },
        { key: 'a', effect: 'NoSchedule', value: 'x' },
      ],
    },
    'status at creation': { status: { capacity: { cpu: '4', memory: '8Gi' }, allocatable: { cpu: '4' } } },
    'bad capacity': { status: { capacity: { cpu: '-4', 'a b': '1' } } },
    unschedulable: { 'spec/unschedulable': true },
    'empty spec': { spec: {} },
  },
  updates: {
    'change the podCIDR': { 'spec/podCIDR': '10.8.0.0/24', 'spec/podCIDRs': ['10.8.0.0/24'] },
    'set the provider': { 'spec/providerID': 'x://1' },
    unschedulable: { 'spec/unschedulable': true },
    'remove taints': { 'spec/taints': undefined },
  },
  status: {
    capacity: { cpu: '4' },
    allocatable: { cpu: '3' },
    addresses: [{ type: 'InternalIP', address: '10.0.0.5' }],
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2020-01-01T00:00:00Z' }],
    nodeInfo: { kubeletVersion: 'v1.36.0' },
  },
  after: [
    get('get a ready node as a Table', '/api/v1/nodes/trial-node', {
      headers: { accept: TABLE },
      ignore: IN_TABLES,
    }),
  ],
});

export const VOLUMES = kindScenario({
  name: 'persistentvolumes',
  collection: '/api/v1/persistentvolumes',
  object: {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'trial-pv' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } },
  },
  cases: {
    'no capacity': { 'spec/capacity': undefined },
    'capacity of something else': { 'spec/capacity': { cpu: '1' } },
    'capacity of two things': { 'spec/capacity': { storage: '1Gi', cpu: '1' } },
    'negative capacity': { 'spec/capacity': { storage: '-1Gi' } },
    'zero capacity': { 'spec/capacity': { storage: '0' } },
    'no access modes': { 'spec/accessModes': [] },
    'unknown access mode': { 'spec/accessModes': ['Odd'] },
    'no source': { 'spec/hostPath': undefined },
    'two sources': { 'spec/nfs': { server: 'a', path: '/b' } },
    'unknown reclaim policy': { 'spec/persistentVolumeReclaimPolicy': 'Odd' },
    'recycle of the root': {
      'spec/hostPath': { path: '/' },
      'spec/persistentVolumeReclaimPolicy': 'Recycle',
    },
    'path that goes up': { 'spec/hostPath': { path: '/a/..' } },
    'unknown volume mode': { 'spec/volumeMode': 'Odd' },
    'block mode': { 'spec/volumeMode': 'Block' },
    'bad storage class': { 'spec/storageClassName': 'A B' },
    'local without affinity': { 'spec/hostPath': undefined, 'spec/local': { path: '/a' } },
    'local with affinity': {
      'spec/hostPath': undefined,
      'spec/local': { path: '/a' },
      'spec/nodeAffinity': {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
        },
      },
    },
    'affinity without required': { 'spec/nodeAffinity': {} },
    csi: { 'spec/hostPath': undefined, 'spec/csi': { driver: 'csi.example.com', volumeHandle: 'v' } },
    'csi without a handle': { 'spec/hostPath': undefined, 'spec/csi': { driver: 'csi.example.com' } },
    'claim reference': { 'spec/claimRef': { namespace: 'a', name: 'b' } },
  },
  updates: {
    'change the source': { 'spec/hostPath/path': '/b' },
    'change the capacity': { 'spec/capacity/storage': '2Gi' },
    'change the volume mode': { 'spec/volumeMode': 'Block' },
    'set a claim': { 'spec/claimRef': { namespace: 'a', name: 'b' } },
  },
  status: { phase: 'Available' },
});

export const CLAIMS = kindScenario({
  name: 'persistentvolumeclaims',
  before: [namespace('trial-claims')],
  collection: '/api/v1/namespaces/trial-claims/persistentvolumeclaims',
  object: {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'gold',
      resources: { requests: { storage: '1Gi' } },
    },
  },
  cases: {
    'no access modes': { 'spec/accessModes': undefined },
    'unknown access mode': { 'spec/accessModes': ['Odd'] },
    'no resources': { 'spec/resources': undefined },
    'negative size': { 'spec/resources/requests/storage': '-1' },
    'zero size': { 'spec/resources/requests/storage': '0' },
    'size that is no quantity': { 'spec/resources/requests/storage': 'big' },
    selector: { 'spec/selector': { matchLabels: { a: 'b' } } },
    'bad selector': { 'spec/selector': { matchExpressions: [{ key: 'a', operator: 'In' }] } },
    'bad storage class': { 'spec/storageClassName': 'A B' },
    'no storage class': { 'spec/storageClassName': '' },
    'unknown volume mode': { 'spec/volumeMode': 'Odd' },
    'data source': {
      'spec/dataSource': { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' },
    },
    'data source of a claim': { 'spec/dataSource': { kind: 'PersistentVolumeClaim', name: 's' } },
    'bad name': { 'metadata/name': 'A' },
  },
  updates: {
    'change the size': { 'spec/resources/requests/storage': '2Gi' },
    'change the access modes': { 'spec/accessModes': ['ReadWriteMany'] },
    'change the class': { 'spec/storageClassName': 'silver' },
    'set the volume': { 'spec/volumeName': 'v' },
  },
  status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
});

const N = '/api/v1/namespaces';

export const NAMESPACES: Scenario = {
  name: 'namespaces',
  steps: [
    post(
      'create',
      N,
      { metadata: { name: 'trial-space', labels: { a: 'b' } } },
      {
        capture: { uid: 'metadata.uid' },
        keep: 'space',
        ignore: ['/body/metadata/labels/kubernetes.io~1metadata.name'],
      },
    ),
    ...variants(
      N,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'trial-other' } },
      {
        'name with dots': { 'metadata/name': 'a.b' },
        'name with capitals': { 'metadata/name': 'Aa' },
        'name too long': { 'metadata/name': 'a'.repeat(64) },
        'bad finalizer': { spec: { finalizers: ['short'] } },
        'own finalizer': { spec: { finalizers: ['example.com/own'] } },
        'namespace of a namespace': { 'metadata/namespace': 'x' },
      },
    ),
    get('get', `${N}/trial-space`),
    get('get as a Table', `${N}/trial-space`, {
      headers: { accept: TABLE },
      ignore: [...IN_TABLES, '/body/rows/0/cells/2'],
    }),
    get(
      'field selector phase',
      `${N}?fieldSelector=status.phase%3DTerminating%2Cmetadata.name%3Dtrial-space`,
    ),
    patch('label', 'merge', `${N}/trial-space`, { metadata: { labels: { c: 'd' } } }),
    patch('finalizers cannot be changed by an update', 'merge', `${N}/trial-space`, {
      spec: { finalizers: [] },
    }),
    post('create something in it', `${N}/trial-space/configmaps`, {
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
    }),
    { name: 'deletecollection is not allowed', method: 'DELETE', path: `${N}` },
    remove('delete with a wrong uid', `${N}/trial-space`, { preconditions: { uid: 'x' } }),
    remove('delete', `${N}/trial-space`, undefined, { ignore: ['/body/status/conditions'] }),
    post(
      'create in a terminating namespace',
      `${N}/trial-space/configmaps`,
      { metadata: { name: 'late' } },
      { until: 403 },
    ),
    patch(
      'update in a terminating namespace',
      'merge',
      `${N}/trial-space/configmaps/held`,
      { data: { a: '1' } },
      {
        ignore: [
          '/body/metadata/deletion*',
          '/body/metadata/deletionTimestamp',
          '/body/metadata/deletionGracePeriodSeconds',
        ],
      },
    ),
    remove('the default namespace cannot be deleted', `${N}/default`),
    remove('kube-system cannot be deleted', `${N}/kube-system`),
    put('finalize another name', `${N}/trial-space/finalize`, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'x' },
    }),
    patch(
      'free what is in it',
      'merge',
      `${N}/trial-space/configmaps/held`,
      { metadata: { finalizers: null } },
      { prepare: true },
    ),
    put('finalize one that is not there', `${N}/trial-none/finalize`, { metadata: { name: 'trial-none' } }),
    post(
      'finalized at creation',
      N,
      { metadata: { name: 'trial-fin' }, spec: { finalizers: ['example.com/own'] } },
      { ignore: ['/body/metadata/labels/kubernetes.io~1metadata.name'] },
    ),
    put(
      'finalize without deletion',
      `${N}/trial-fin/finalize`,
      { metadata: { name: 'trial-fin' }, spec: { finalizers: ['kubernetes'] } },
      { ignore: ['/body/metadata/**'] },
    ),
    put('finalize with a bad name', `${N}/trial-fin/finalize`, {
      metadata: { name: 'trial-fin' },
      spec: { finalizers: ['bad'] },
    }),
  ],
};
