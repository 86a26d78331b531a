/** Secrets, ServiceAccounts, namespaces' limits: small kinds of core/v1. */
import {
  get,
  kindScenario,
  namespace,
  patch,
  post,
  put,
  remove,
  serviceAccount,
  variants,
} from '../build.ts';
import type { Scenario } from '../step.ts';

const NS = '/api/v1/namespaces/trial-config';

export const SECRETS = kindScenario({
  name: 'secrets',
  before: [namespace('trial-config')],
  collection: `${NS}/secrets`,
  object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'MQ==' } },
  cases: {
    'stringData is encoded': { stringData: { b: 'two', a: 'over' } },
    'data that is not base64': { data: { a: 'not base64!' } },
    'bad key': { data: { 'a b': '' } },
    'key of two dots': { data: { '..': '' } },
    TLS: { type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } },
    'TLS without a key': { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } },
    'docker config': { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'e30=' } },
    'docker config that is not JSON': {
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': 'eA==' },
    },
    'docker config that is missing': { type: 'kubernetes.io/dockerconfigjson' },
    'docker cfg that is missing': { type: 'kubernetes.io/dockercfg' },
    'basic auth without anything': { type: 'kubernetes.io/basic-auth' },
    'ssh auth without a key': { type: 'kubernetes.io/ssh-auth' },
    'token of no service account': { type: 'kubernetes.io/service-account-token' },
    'own type': { type: 'example.com/own' },
    'data is text': { data: 'text' },
    'immutable is text': { immutable: 'yes' },
    'name too long': { 'metadata/name': 'a'.repeat(254) },
  },
  updates: {
    'change the type': { type: 'example.com/other' },
    'make immutable': { immutable: true },
    'remove data': { data: undefined },
    'a bad key': { data: { '/': '' } },
  },
});

export const SERVICE_ACCOUNTS = kindScenario({
  name: 'serviceaccounts',
  before: [namespace('trial-accounts')],
  collection: '/api/v1/namespaces/trial-accounts/serviceaccounts',
  object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' }, secrets: [{ name: 'a' }] },
  cases: {
    'image pull secrets': { imagePullSecrets: [{ name: 'x' }], automountServiceAccountToken: false },
    'bad name': { 'metadata/name': 'A' },
    'secrets are text': { secrets: 'a' },
  },
  updates: { 'remove secrets': { secrets: [] } },
  after: [
    post('ask for a token', '/api/v1/namespaces/trial-accounts/serviceaccounts/robot/token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: ['someone'], expirationSeconds: 3600 },
    }),
    ...variants(
      '/api/v1/namespaces/trial-accounts/serviceaccounts/robot/token',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      {
        'token for too short a time': { 'spec/expirationSeconds': 5 },
        'token for too long a time': { 'spec/expirationSeconds': 9_000_000_000 },
        'token bound to a pod that is not there': {
          'spec/boundObjectRef': { apiVersion: 'v1', kind: 'Pod', name: 'nope' },
        },
        'token bound to a kind that cannot be': {
          'spec/boundObjectRef': { apiVersion: 'v1', kind: 'ConfigMap', name: 'nope' },
        },
      },
    ),
    post(
      'token of an account that is not there',
      '/api/v1/namespaces/trial-accounts/serviceaccounts/nobody/token',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {},
      },
    ),
  ],
});

const quota = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q' },
  spec: { hard: { pods: '5', 'requests.cpu': '2' } },
};

export const QUOTAS = kindScenario({
  name: 'resourcequotas',
  before: [namespace('trial-quotas')],
  collection: '/api/v1/namespaces/trial-quotas/resourcequotas',
  object: quota,
  cases: {
    'all kinds of resources': {
      'spec/hard': {
        cpu: '1',
        'limits.memory': '1Gi',
        services: '3',
        'count/deployments.apps': '4',
        'requests.storage': '10Gi',
        'gold.storageclass.storage.k8s.io/requests.storage': '1Gi',
      },
    },
    'negative amount': { 'spec/hard/pods': '-1' },
    'amount that is no quantity': { 'spec/hard/pods': 'five' },
    'unknown resource': { 'spec/hard': { disks: '1' } },
    'fraction of pods': { 'spec/hard/pods': '0.5' },
    scopes: { 'spec/hard': { pods: '1' }, 'spec/scopes': ['BestEffort', 'NotTerminating'] },
    'scopes that contradict': { 'spec/hard': { pods: '1' }, 'spec/scopes': ['BestEffort', 'NotBestEffort'] },
    'unknown scope': { 'spec/scopes': ['Odd'] },
    'scope that does not fit the resource': { 'spec/hard': { services: '1' }, 'spec/scopes': ['BestEffort'] },
    'scope selector': {
      'spec/hard': { pods: '1' },
      'spec/scopeSelector': {
        matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
      },
    },
    'bad scope selector': {
      'spec/scopeSelector': {
        matchExpressions: [
          { scopeName: 'PriorityClass', operator: 'Odd' },
          { scopeName: 'BestEffort', operator: 'In', values: ['x'] },
          { scopeName: 'Odd', operator: 'Exists' },
        ],
      },
    },
  },
  updates: {
    'change scopes': { 'spec/hard': { pods: '1' }, 'spec/scopes': ['BestEffort'] },
    'change amounts': { 'spec/hard/pods': '7' },
  },
  status: { hard: { pods: '5' }, used: { pods: '1' } },
});

export const LIMIT_RANGES = kindScenario({
  name: 'limitranges',
  before: [namespace('trial-limits')],
  collection: '/api/v1/namespaces/trial-limits/limitranges',
  object: {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'l' },
    spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '100m' } }] },
  },
  cases: {
    'defaults are filled': {
      'spec/limits': [{ type: 'Container', max: { cpu: '2', memory: '1Gi' }, defaultRequest: { cpu: '1' } }],
    },
    'pod limits': { 'spec/limits': [{ type: 'Pod', max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '2' } }] },
    'claim limits': { 'spec/limits': [{ type: 'PersistentVolumeClaim', max: { storage: '2Gi' } }] },
    'claim limits without storage': { 'spec/limits': [{ type: 'PersistentVolumeClaim', max: { cpu: '1' } }] },
    'pod limits with defaults': {
      'spec/limits': [{ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }],
    },
    'two of one type': {
      'spec/limits': [
        { type: 'Pod', max: { cpu: '2' } },
        { type: 'Pod', max: { cpu: '2' } },
      ],
    },
    'min above max': { 'spec/limits/0/min': { cpu: '3' } },
    'default outside': {
      'spec/limits/0/default': { cpu: '5' },
      'spec/limits/0/defaultRequest': { cpu: '6' },
    },
    'ratio below one': { 'spec/limits/0/maxLimitRequestRatio': { cpu: '0.5' } },
    'unknown type': { 'spec/limits/0/type': 'Odd' },
    'no type': { 'spec/limits/0/type': undefined },
    'bad resource': { 'spec/limits/0/max': { 'a b': '1' } },
  },
  updates: { 'change a limit': { 'spec/limits/0/max/cpu': '4' } },
});

const pod = (name: string, resources: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'a:1', resources }] },
});
const LIMITED = '/api/v1/namespaces/trial-limited';

/** What LimitRanger and ResourceQuota do to pods, claims and Services. */
export const LIMITED_PODS: Scenario = {
  name: 'limited',
  steps: [
    namespace('trial-limited'),
    serviceAccount('trial-limited'),
    post(
      'limit range',
      `${LIMITED}/limitranges`,
      {
        metadata: { name: 'l' },
        spec: {
          limits: [
            {
              type: 'Container',
              default: { cpu: '200m' },
              defaultRequest: { cpu: '100m' },
              max: { cpu: '1' },
              min: { cpu: '50m' },
              maxLimitRequestRatio: { cpu: '4' },
            },
            { type: 'Pod', max: { cpu: '1500m' } },
            { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '5Gi' } },
          ],
        },
      },
      { ignore: [] },
    ),
    post('limits are filled', `${LIMITED}/pods?dryRun=All`, pod('a', {}), { until: 201 }),
    post(
      'above the maximum',
      `${LIMITED}/pods?dryRun=All`,
      pod('a', { limits: { cpu: '2' }, requests: { cpu: '1' } }),
    ),
    post('below the minimum', `${LIMITED}/pods?dryRun=All`, pod('a', { limits: { cpu: '10m' } })),
    post(
      'ratio too high',
      `${LIMITED}/pods?dryRun=All`,
      pod('a', { limits: { cpu: '1' }, requests: { cpu: '100m' } }),
    ),
    post('claim too large', `${LIMITED}/persistentvolumeclaims?dryRun=All`, {
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
    }),
    post('claim too small', `${LIMITED}/persistentvolumeclaims?dryRun=All`, {
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    }),
    post(
      'quota',
      `${LIMITED}/resourcequotas`,
      {
        metadata: { name: 'q' },
        spec: { hard: { 'limits.cpu': '500m', services: '1', 'count/secrets': '0' } },
      },
      { ignore: ['/body/status/**'] },
    ),
    patch(
      'set the use, as the quota controller does',
      'merge',
      `${LIMITED}/resourcequotas/q/status`,
      {
        status: {
          hard: { 'limits.cpu': '500m', services: '1', 'count/secrets': '0' },
          used: { 'limits.cpu': '0', services: '0', 'count/secrets': '0' },
        },
      },
      { ignore: ['/body/metadata/managedFields/**'] },
    ),
    post('secrets are counted', `${LIMITED}/secrets`, { metadata: { name: 's' } }, { until: 403 }),
    post(
      'too much CPU',
      `${LIMITED}/pods`,
      pod('big', { limits: { cpu: '600m' }, requests: { cpu: '600m' } }),
    ),
    post(
      'first pod fits',
      `${LIMITED}/pods`,
      pod('first', { limits: { cpu: '400m' }, requests: { cpu: '400m' } }),
    ),
    post(
      'second pod does not',
      `${LIMITED}/pods`,
      pod('second', { limits: { cpu: '200m' }, requests: { cpu: '200m' } }),
    ),
    get('use after the first pod', `${LIMITED}/resourcequotas/q`, {
      ignore: ['/body/metadata/managedFields/**'],
    }),
    post('first service', `${LIMITED}/services`, {
      metadata: { name: 'a' },
      spec: { ports: [{ port: 80 }] },
    }),
    post('second service', `${LIMITED}/services`, {
      metadata: { name: 'b' },
      spec: { ports: [{ port: 80 }] },
    }),
    remove('delete the pod at once', `${LIMITED}/pods/first?gracePeriodSeconds=0`),
    put('quota cannot be updated without its name', `${LIMITED}/resourcequotas/q`, {
      metadata: { name: 'r' },
    }),
  ],
};
