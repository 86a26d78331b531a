/** apps/v1, ReplicationControllers, PodTemplates and batch/v1. */
import { get, kindScenario, namespace, patch, put } from '../build.ts';
import type { Changes } from '../step.ts';

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'nginx:1.25', ports: [{ containerPort: 80 }] }] },
};
const selector = { matchLabels: { app: 'web' } };

/** Questions to every kind with a selector and a template. */
const TEMPLATE_CASES: Readonly<Record<string, Changes>> = {
  'no spec': { spec: undefined },
  'no selector': { 'spec/selector': undefined },
  'empty selector': { 'spec/selector': {} },
  'selector that does not match the template': { 'spec/selector': { matchLabels: { app: 'other' } } },
  'selector expressions': {
    'spec/selector': {
      matchExpressions: [
        { key: 'app', operator: 'In', values: ['web', 'x'] },
        { key: 'b', operator: 'DoesNotExist' },
      ],
    },
  },
  'bad selector': {
    'spec/selector': {
      matchLabels: { 'a b': 'c' },
      matchExpressions: [
        { key: 'a', operator: 'Odd' },
        { key: 'b', operator: 'In' },
        { key: 'c', operator: 'Exists', values: ['x'] },
      ],
    },
  },
  'no template': { 'spec/template': undefined },
  'template without labels': { 'spec/template/metadata': undefined },
  'template without containers': { 'spec/template/spec/containers': [] },
  'template that never restarts': { 'spec/template/spec/restartPolicy': 'Never' },
  'template with an active deadline': { 'spec/template/spec/activeDeadlineSeconds': 5 },
  'template with bad labels': { 'spec/template/metadata/labels/x': 'a b' },
  'template with a bad container': { 'spec/template/spec/containers/0/name': 'A_' },
};
const REPLICA_CASES: Readonly<Record<string, Changes>> = {
  'negative replicas': { 'spec/replicas': -1 },
  'zero replicas': { 'spec/replicas': 0 },
  'replicas are text': { 'spec/replicas': '3' },
  'replicas are a fraction': { 'spec/replicas': 1.5 },
};

function scaleSteps(path: string, kind: string) {
  const scale = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: kind, namespace: 'trial-apps' },
    spec: { replicas: 4 },
  };
  return [
    get('get scale', `${path}/scale`),
    put('put scale', `${path}/scale`, scale),
    patch('patch scale', 'merge', `${path}/scale`, { spec: { replicas: 2 } }),
    patch('JSON patch of scale', 'json', `${path}/scale`, [
      { op: 'replace', path: '/spec/replicas', value: 3 },
    ]),
    put('negative scale', `${path}/scale`, { ...scale, spec: { replicas: -1 } }),
    put('scale with another name', `${path}/scale`, {
      ...scale,
      metadata: { name: 'other', namespace: 'trial-apps' },
    }),
    put('scale with an old version', `${path}/scale`, {
      ...scale,
      metadata: { name: kind, namespace: 'trial-apps', resourceVersion: '1' },
    }),
    put('scale of one that is not there', `${path}x/scale`, {
      ...scale,
      metadata: { name: `${kind}x`, namespace: 'trial-apps' },
    }),
    get('get after scaling', path),
  ];
}

const NS = '/apis/apps/v1/namespaces/trial-apps';
const meta = (name: string) => ({ name, labels: { app: 'web' } });

export const DEPLOYMENTS = kindScenario({
  name: 'deployments',
  before: [namespace('trial-apps')],
  collection: `${NS}/deployments`,
  object: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta('web'),
    spec: { paused: true, replicas: 1, selector, template },
  },
  cases: {
    ...TEMPLATE_CASES,
    ...REPLICA_CASES,
    defaults: { 'spec/replicas': undefined, 'spec/paused': undefined },
    recreate: { 'spec/strategy': { type: 'Recreate' } },
    'recreate with rolling parameters': {
      'spec/strategy': { type: 'Recreate', rollingUpdate: { maxSurge: 1 } },
    },
    'unknown strategy': { 'spec/strategy': { type: 'Odd' } },
    'rolling update in numbers': {
      'spec/strategy': { rollingUpdate: { maxSurge: 2, maxUnavailable: '50%' } },
    },
    'rolling update that cannot move': {
      'spec/strategy': { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } },
    },
    'bad percentages': { 'spec/strategy': { rollingUpdate: { maxSurge: 'many', maxUnavailable: '101%' } } },
    'negative numbers': {
      'spec/minReadySeconds': -1,
      'spec/revisionHistoryLimit': -1,
      'spec/progressDeadlineSeconds': -1,
    },
    'deadline not longer than readiness': { 'spec/minReadySeconds': 600 },
    'bad name': { 'metadata/name': 'A' },
  },
  updates: {
    'change the image': { 'spec/template/spec/containers/0/image': 'nginx:1.26' },
    'change the selector': {
      'spec/selector': { matchLabels: { app: 'web', x: 'y' } },
      'spec/template/metadata/labels': { app: 'web', x: 'y' },
    },
    'change the labels of the template': { 'spec/template/metadata/labels': { app: 'web', more: '1' } },
    'change the name': { 'metadata/name': 'other' },
    'annotations do not count as a generation': { 'metadata/annotations': { a: 'b' } },
  },
  status: {
    replicas: 1,
    observedGeneration: 1,
    conditions: [{ type: 'Available', status: 'True', reason: 'x', message: 'y' }],
  },
  after: scaleSteps(`${NS}/deployments/web`, 'web'),
});

export const REPLICA_SETS = kindScenario({
  name: 'replicasets',
  before: [namespace('trial-apps')],
  collection: `${NS}/replicasets`,
  object: {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: meta('rs'),
    spec: { replicas: 0, selector, template },
  },
  cases: {
    ...TEMPLATE_CASES,
    ...REPLICA_CASES,
    defaults: { 'spec/replicas': undefined },
    'negative readiness': { 'spec/minReadySeconds': -1 },
  },
  updates: {
    'change the selector': { 'spec/selector': { matchLabels: { app: 'web', x: 'y' } } },
    'change replicas': { 'spec/replicas': 5 },
  },
  status: { replicas: 2, readyReplicas: 3, availableReplicas: 1 },
  after: [
    put('put a good status', `${NS}/replicasets/rs/status`, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'rs' },
      spec: { selector, template },
      status: { replicas: 1 },
    }),
    ...scaleSteps(`${NS}/replicasets/rs`, 'rs'),
  ],
});

export const STATEFUL_SETS = kindScenario({
  name: 'statefulsets',
  before: [namespace('trial-apps')],
  collection: `${NS}/statefulsets`,
  object: {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: meta('db'),
    spec: { replicas: 0, serviceName: 'db', selector, template },
  },
  cases: {
    ...TEMPLATE_CASES,
    ...REPLICA_CASES,
    defaults: { 'spec/replicas': undefined },
    'on delete': { 'spec/updateStrategy': { type: 'OnDelete' } },
    partition: { 'spec/updateStrategy': { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
    'negative partition': {
      'spec/updateStrategy': { type: 'RollingUpdate', rollingUpdate: { partition: -2 } },
    },
    'unknown strategy': { 'spec/updateStrategy': { type: 'Odd' } },
    'on delete with a partition': {
      'spec/updateStrategy': { type: 'OnDelete', rollingUpdate: { partition: 2 } },
    },
    'parallel pods': { 'spec/podManagementPolicy': 'Parallel' },
    'unknown pod management': { 'spec/podManagementPolicy': 'Odd' },
    'claim templates': {
      'spec/volumeClaimTemplates': [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  },
  updates: {
    'change the service': { 'spec/serviceName': 'other' },
    'change the image': { 'spec/template/spec/containers/0/image': 'nginx:1.26' },
    'change pod management': { 'spec/podManagementPolicy': 'Parallel' },
    'change the selector': { 'spec/selector': { matchLabels: { app: 'web', x: 'y' } } },
  },
  status: { replicas: 0, observedGeneration: 1 },
  after: scaleSteps(`${NS}/statefulsets/db`, 'db'),
});

export const DAEMON_SETS = kindScenario({
  name: 'daemonsets',
  before: [namespace('trial-apps')],
  collection: `${NS}/daemonsets`,
  object: {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: meta('agent'),
    spec: { selector, template: { ...template, spec: { ...template.spec, nodeSelector: { no: 'where' } } } },
  },
  cases: {
    ...TEMPLATE_CASES,
    'on delete': { 'spec/updateStrategy': { type: 'OnDelete' } },
    'unknown strategy': { 'spec/updateStrategy': { type: 'Odd' } },
    'nothing may be unavailable': {
      'spec/updateStrategy': { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
    },
    'bad percentage': {
      'spec/updateStrategy': { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '200%' } },
    },
    'negative numbers': { 'spec/minReadySeconds': -1, 'spec/revisionHistoryLimit': -1 },
  },
  updates: {
    'change the selector': { 'spec/selector': { matchLabels: { app: 'web', x: 'y' } } },
    'change the image': { 'spec/template/spec/containers/0/image': 'nginx:1.26' },
    'change the template generation': { 'metadata/generation': 9 },
  },
  status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
});

export const CONTROLLER_REVISIONS = kindScenario({
  name: 'controllerrevisions',
  before: [namespace('trial-apps')],
  collection: `${NS}/controllerrevisions`,
  object: {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: 'r' },
    data: { kept: { as: ['it', 'is'] } },
    revision: 1,
  },
  cases: {
    'no data': { data: undefined },
    'negative revision': { revision: -1 },
    'no revision': { revision: undefined },
  },
  updates: { 'change the revision': { revision: 2 }, 'change the data': { data: { other: 1 } } },
});

export const REPLICATION_CONTROLLERS = kindScenario({
  name: 'replicationcontrollers',
  before: [namespace('trial-apps')],
  collection: '/api/v1/namespaces/trial-apps/replicationcontrollers',
  object: {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'rc' },
    spec: { replicas: 0, selector: { app: 'web' }, template },
  },
  cases: {
    defaults: { 'spec/replicas': undefined, 'spec/selector': undefined },
    'empty selector and no labels': { 'spec/selector': {}, 'spec/template/metadata': {} },
    'selector that does not match': { 'spec/selector': { app: 'x' } },
    'no template': { 'spec/template': undefined },
    'negative replicas': { 'spec/replicas': -1 },
  },
  updates: { 'change replicas': { 'spec/replicas': 3 } },
  status: { replicas: 0 },
  after: scaleSteps('/api/v1/namespaces/trial-apps/replicationcontrollers/rc', 'rc'),
});

export const POD_TEMPLATES = kindScenario({
  name: 'podtemplates',
  before: [namespace('trial-apps')],
  collection: '/api/v1/namespaces/trial-apps/podtemplates',
  object: { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'pt' }, template },
  cases: {
    'no containers': { 'template/spec/containers': undefined },
    'bad labels': { 'template/metadata/labels': { 'a b': '1' } },
  },
  updates: { 'change the image': { 'template/spec/containers/0/image': 'x' } },
});

const jobTemplate = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox:1.36' }] } };
// a Job makes its labels of its uid; the scheme of label names has changed since
const UID_LABELS = [
  '/body/spec/selector/**',
  '/body/spec/template/metadata/**',
  '/body/metadata/labels/**',
  '/body/metadata/managedFields/**',
  '/body/spec/template/metadata',
  '/body/metadata/labels',
];

const job = kindScenario({
  name: 'jobs',
  before: [namespace('trial-batch')],
  collection: '/apis/batch/v1/namespaces/trial-batch/jobs',
  object: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'once' },
    spec: { template: jobTemplate, parallelism: 0 },
  },
  cases: {
    'no spec': { spec: undefined },
    'no template': { 'spec/template': undefined },
    'restart always': { 'spec/template/spec/restartPolicy': 'Always' },
    'no restart policy': { 'spec/template/spec/restartPolicy': undefined },
    'restart on failure': { 'spec/template/spec/restartPolicy': 'OnFailure' },
    'parallelism and completions': {
      'spec/parallelism': 3,
      'spec/completions': 5,
      'spec/backoffLimit': 2,
      'spec/activeDeadlineSeconds': 60,
      'spec/ttlSecondsAfterFinished': 5,
    },
    'completions only': { 'spec/parallelism': undefined, 'spec/completions': 5 },
    'negative numbers': {
      'spec/parallelism': -1,
      'spec/completions': -1,
      'spec/backoffLimit': -1,
      'spec/activeDeadlineSeconds': -1,
      'spec/ttlSecondsAfterFinished': -1,
    },
    'own selector': { 'spec/selector': { matchLabels: { a: 'b' } } },
    'manual selector': {
      'spec/manualSelector': true,
      'spec/selector': { matchLabels: { a: 'b' } },
      'spec/template/metadata': { labels: { a: 'b' } },
    },
    'manual selector that does not match': {
      'spec/manualSelector': true,
      'spec/selector': { matchLabels: { a: 'b' } },
    },
    'manual selector without a selector': { 'spec/manualSelector': true },
    'bad container': { 'spec/template/spec/containers/0/image': undefined },
  },
  updates: {
    'change the template': { 'spec/template/spec/containers/0/image': 'x' },
    'change completions': { 'spec/completions': 7 },
    'change parallelism': { 'spec/parallelism': 0, 'spec/backoffLimit': 3 },
    'change the selector': { 'spec/selector': { matchLabels: { x: 'y' } } },
  },
});
export const JOBS = {
  ...job,
  steps: job.steps.map((step) => ({ ...step, ignore: [...(step.ignore ?? []), ...UID_LABELS] })),
};

export const CRON_JOBS = kindScenario({
  name: 'cronjobs',
  spelled: [['batch/v1', 'batch/v1beta1']],
  before: [namespace('trial-batch')],
  collection: '/apis/batch/v1/namespaces/trial-batch/cronjobs',
  object: {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly' },
    spec: { suspend: true, schedule: '0 3 * * *', jobTemplate: { spec: { template: jobTemplate } } },
  },
  cases: {
    'no spec': { spec: undefined },
    'no schedule': { 'spec/schedule': undefined },
    'bad schedule': { 'spec/schedule': 'at night' },
    'schedule of five numbers out of range': { 'spec/schedule': '61 25 32 13 8' },
    'schedule by name': { 'spec/schedule': '@hourly' },
    'schedule by interval': { 'spec/schedule': '@every 5m' },
    'unknown concurrency': { 'spec/concurrencyPolicy': 'Odd' },
    forbid: { 'spec/concurrencyPolicy': 'Forbid', 'spec/startingDeadlineSeconds': 5 },
    'negative numbers': {
      'spec/startingDeadlineSeconds': -1,
      'spec/successfulJobsHistoryLimit': -1,
      'spec/failedJobsHistoryLimit': -1,
    },
    'no job template': { 'spec/jobTemplate': undefined },
    'bad job template': { 'spec/jobTemplate/spec/template/spec/restartPolicy': 'Always' },
    'name too long': { 'metadata/name': 'a'.repeat(53) },
  },
  updates: {
    'change the schedule': { 'spec/schedule': '*/5 * * * *' },
    'bad schedule': { 'spec/schedule': '*' },
  },
  status: { lastScheduleTime: '2020-01-01T00:00:00Z' },
});
