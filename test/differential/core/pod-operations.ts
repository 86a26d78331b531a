/** What is done to pods by their subresources: binding, eviction, status, deletion with grace, logs of nothing. */
import { get, IN_TABLES, namespace, patch, post, put, remove, serviceAccount, TABLE } from '../build.ts';
import type { Scenario, Step } from '../step.ts';

const NS = '/api/v1/namespaces/trial-operations';
const ALL = `${NS}/pods`;
const pod = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'op' } },
  // a node of its own scheduler: nothing may move these
  spec: {
    schedulerName: 'nobody',
    automountServiceAccountToken: false,
    containers: [{ name: 'c', image: 'a:1' }],
    ...more,
  },
});
const make = (name: string, more: object = {}): Step => post(`create ${name}`, ALL, pod(name, more));
const ready = (name: string): Step =>
  patch(`${name} is ready`, 'merge', `${ALL}/${name}/status`, {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
const binding = (node: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name: 'a' },
  target: { kind: 'Node', name: node },
  ...more,
});
const eviction = (name: string) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } });

export const POD_OPERATIONS: Scenario = {
  name: 'pod-operations',
  spelled: [['policy/v1', 'policy/v1beta1']],
  steps: [
    namespace('trial-operations'),
    serviceAccount('trial-operations'),
    make('a'),
    post('bind to nothing', `${ALL}/a/binding`, binding('')),
    post('bind to another kind', `${ALL}/a/binding`, binding('n', { target: { kind: 'Pod', name: 'n' } })),
    post(
      'bind one that is not there',
      `${ALL}/none/binding`,
      binding('trial-node', { metadata: { name: 'none' } }),
    ),
    post('bind', `${ALL}/a/binding`, binding('trial-node-x')),
    post('bind again', `${ALL}/a/binding`, binding('trial-node-y')),
    get('get a bound pod', `${ALL}/a`),
    get('field selector node', `${ALL}?fieldSelector=spec.nodeName%3Dtrial-node-x`),
    get('field selector phase', `${ALL}?fieldSelector=status.phase%3DRunning`),
    get('field selector that pods do not have', `${ALL}?fieldSelector=spec.containers%3Dx`),
    post('bind by the old path', `${NS}/bindings`, binding('trial-node-z')),
    ready('a'),
    get('get a running pod as a Table', `${ALL}/a`, {
      headers: { accept: TABLE },
      ignore: [...IN_TABLES, '/body/rows/0/cells/4'],
    }),
    patch('strategic patch adds a condition', 'strategic', `${ALL}/a/status`, {
      status: { conditions: [{ type: 'Own', status: 'False' }] },
    }),
    patch('strategic patch changes an image by name', 'strategic', `${ALL}/a`, {
      spec: { containers: [{ name: 'c', image: 'a:2' }] },
    }),
    patch('strategic patch with an order', 'strategic', `${ALL}/a/status`, {
      status: { $setElementOrder: 1, conditions: [] },
    } as never),
    patch('merge patch of containers', 'merge', `${ALL}/a`, {
      spec: { containers: [{ name: 'c', image: 'a:3' }] },
    }),
    put('status cannot change the spec', `${ALL}/a/status`, {
      ...pod('a'),
      status: { phase: 'Running', message: 'set' },
    }),
    remove('delete a bound pod waits', `${ALL}/a`),
    get('get a pod that is ending', `${ALL}/a`),
    remove('delete again with less time', `${ALL}/a?gracePeriodSeconds=10`),
    remove('delete again with more time', `${ALL}/a?gracePeriodSeconds=40`),
    remove('delete at once', `${ALL}/a?gracePeriodSeconds=0`),
    get('gone', `${ALL}/a`),
    make('b', { terminationGracePeriodSeconds: 0 }),
    remove('delete an unbound pod is at once', `${ALL}/b`),
    get('b is gone', `${ALL}/b`),
    make('c', { nodeName: 'trial-node-x', terminationGracePeriodSeconds: 5 }),
    ready('c'),
    remove('dry-run delete of a running pod', `${ALL}/c?dryRun=All`),
    post('evict one that is not there', `${ALL}/none/eviction`, eviction('none')),
    post('evict with another name', `${ALL}/c/eviction`, eviction('d')),
    post('dry-run evict', `${ALL}/c/eviction?dryRun=All`, eviction('c')),
    post('evict', `${ALL}/c/eviction`, eviction('c')),
    get('c is ending', `${ALL}/c`),
    remove('c ends', `${ALL}/c?gracePeriodSeconds=0`),
    make('d', { nodeName: 'trial-node-x' }),
    ready('d'),
    post('budget', `/apis/policy/v1/namespaces/trial-operations/poddisruptionbudgets`, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'all' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'op' } } },
    }),
    post('the budget has not been counted', `${ALL}/d/eviction`, eviction('d')),
    patch(
      'the budget allows none',
      'merge',
      '/apis/policy/v1/namespaces/trial-operations/poddisruptionbudgets/all/status',
      {
        status: {
          observedGeneration: 1,
          currentHealthy: 1,
          desiredHealthy: 1,
          expectedPods: 1,
          disruptionsAllowed: 0,
        },
      },
    ),
    post('the budget forbids', `${ALL}/d/eviction`, eviction('d')),
    patch(
      'the budget allows one',
      'merge',
      '/apis/policy/v1/namespaces/trial-operations/poddisruptionbudgets/all/status',
      {
        status: {
          observedGeneration: 1,
          currentHealthy: 2,
          desiredHealthy: 1,
          expectedPods: 2,
          disruptionsAllowed: 1,
        },
      },
    ),
    post('the budget permits', `${ALL}/d/eviction`, eviction('d')),
    remove('d ends', `${ALL}/d?gracePeriodSeconds=0`),
    get('logs of a pod that is not there', `${ALL}/none/log`),
    make('e'),
    get('logs of a pod without a node', `${ALL}/e/log`),
    get('logs of a container that is not there', `${ALL}/e/log?container=zz`),
    get('logs with bad options', `${ALL}/e/log?tailLines=-1&sinceSeconds=0&limitBytes=0`),
    get('exec without an upgrade', `${ALL}/e/exec?command=ls`),
    remove('e is removed', `${ALL}/e`),
  ],
};
