/** Server-side apply on built-in kinds; 1.20 knows it as a beta. */
import { get, namespace, patch, remove } from '../build.ts';
import type { Body, Scenario, Step } from '../step.ts';

const NS = '/apis/apps/v1/namespaces/trial-apply/deployments';
const CM = '/api/v1/namespaces/trial-apply/configmaps';
const SVC = '/api/v1/namespaces/trial-apply/services';

const apply = (name: string, path: string, manager: string, body: Body, query = ''): Step =>
  patch(name, 'apply', `${path}?fieldManager=${manager}${query}`, body);

const configmap = (data: Record<string, unknown>, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  data,
});
const deployment = (containers: object[], more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: {
    paused: true,
    selector: { matchLabels: { app: 'd' } },
    template: { metadata: { labels: { app: 'd' } }, spec: { containers } },
    ...more,
  },
});
const service = (...ports: object[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec: { ports },
});

export const APPLY: Scenario = {
  name: 'apply',
  steps: [
    namespace('trial-apply'),
    patch('without a manager', 'apply', `${CM}/a`, configmap({ x: '1' })),
    apply('without a kind', `${CM}/a`, 'one', { metadata: { name: 'a' } }),
    apply('with another name', `${CM}/a`, 'one', configmap({ x: '1' }, { name: 'b' })),
    apply(
      'with managed fields',
      `${CM}/a`,
      'one',
      configmap({ x: '1' }, { managedFields: [{ manager: 'x' }] }),
    ),
    apply('with a field that is not there', `${CM}/a`, 'one', { ...configmap({}), extra: 1 }),
    apply('with a wrong type', `${CM}/a`, 'one', configmap({ x: 1 })),
    apply('creates', `${CM}/a`, 'one', configmap({ x: '1', y: '1' }, { labels: { by: 'one' } })),
    apply(
      'again changes nothing',
      `${CM}/a`,
      'one',
      configmap({ x: '1', y: '1' }, { labels: { by: 'one' } }),
    ),
    apply('another manager adds', `${CM}/a`, 'two', configmap({ z: '2' })),
    apply('another manager agrees', `${CM}/a`, 'two', configmap({ z: '2', x: '1' })),
    apply('another manager conflicts', `${CM}/a`, 'two', configmap({ y: '2' })),
    {
      ...apply('two conflicts', `${CM}/a`, 'three', configmap({ x: '3', y: '3' })),
      // upstream lists the managers in no order
      ignore: ['/body/details/causes/**'],
    },
    apply('force', `${CM}/a`, 'two', configmap({ y: '2' }, {}), '&force=true'),
    apply('the first conflicts now', `${CM}/a`, 'one', configmap({ x: '1', y: '1' })),
    apply('the first lets go', `${CM}/a`, 'one', configmap({ x: '1' })),
    apply('removes what nobody else has', `${CM}/a`, 'one', configmap({})),
    apply('dry run', `${CM}/a`, 'four', configmap({ w: '4' }), '&dryRun=All'),
    patch('an update takes over', 'merge', `${CM}/a?fieldManager=editor`, { data: { y: 'edited' } }),
    apply('conflict with an update', `${CM}/a`, 'two', configmap({ y: '2' })),
    patch('force on another patch', 'merge', `${CM}/a?force=true`, {}),
    apply('an old version', `${CM}/a`, 'two', configmap({ z: '3' }, { resourceVersion: '1' })),
    apply('a uid creates nothing', `${CM}/b`, 'two', { ...configmap({}), metadata: { name: 'b', uid: 'x' } }),
    {
      name: 'broken YAML',
      method: 'PATCH',
      path: `${CM}/a?fieldManager=x`,
      raw: 'a: [',
      type: 'application/apply-patch+yaml',
    },
    patch('forget all managers', 'merge', `${CM}/a`, { metadata: { managedFields: [{}] } }),
    get('get without managers', `${CM}/a`),
    apply('apply after forgetting', `${CM}/a`, 'one', configmap({ x: '9' })),
    apply(
      'deployment',
      `${NS}/d`,
      'one',
      deployment([
        { name: 'a', image: 'a:1', ports: [{ containerPort: 80 }], env: [{ name: 'X', value: '1' }] },
      ]),
    ),
    apply('container by another manager', `${NS}/d`, 'two', deployment([{ name: 'b', image: 'b:1' }])),
    apply('image by another manager conflicts', `${NS}/d`, 'two', deployment([{ name: 'a', image: 'a:2' }])),
    apply(
      'variables are keyed',
      `${NS}/d`,
      'two',
      deployment([
        { name: 'b', image: 'b:1' },
        { name: 'a', env: [{ name: 'Y', value: '2' }] },
      ]),
    ),
    apply('replicas by another', `${NS}/d`, 'scaler', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { replicas: 3 },
    }),
    apply('removes a container', `${NS}/d`, 'two', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: {},
    }),
    apply(
      'twice the same key',
      `${NS}/d`,
      'one',
      deployment([
        { name: 'a', image: 'a:1' },
        { name: 'a', image: 'a:2' },
      ]),
    ),
    apply('a key is missing', `${NS}/d`, 'one', deployment([{ image: 'a:1' }])),
    apply('is invalid', `${NS}/d`, 'one', deployment([{ name: 'a', image: '' }])),
    apply('status is not applied', `${NS}/d`, 'one', {
      ...deployment([{ name: 'a', image: 'a:1' }]),
      status: { replicas: 5 },
    }),
    apply('status by the subresource', `${NS}/d/status`, 'ctl', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      status: { replicas: 5 },
    }),
    get('get the deployment', `${NS}/d`),
    apply('service', `${SVC}/s`, 'one', service({ port: 80, name: 'a', protocol: 'TCP' })),
    apply(
      'ports are keyed by number and protocol',
      `${SVC}/s`,
      'two',
      service({ port: 80, name: 'b', protocol: 'UDP' }),
    ),
    apply('port without a protocol', `${SVC}/s`, 'three', service({ port: 81, name: 'c' })),
    apply('finalizers are a set', `${CM}/f`, 'one', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'f', finalizers: ['example.com/a'] },
    }),
    apply('two managers of a set', `${CM}/f`, 'two', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'f', finalizers: ['example.com/b', 'example.com/a'] },
    }),
    apply('one lets go of the set', `${CM}/f`, 'two', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'f' },
    }),
    apply('the other too', `${CM}/f`, 'one', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'f' },
    }),
    remove('clean', `${CM}/f`),
  ],
};
