import { systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startServer } from './harness.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer(systemClock);
  await ask('POST', '/api/v1/namespaces', { metadata: { name: 'a' } });
  await ask('POST', '/api/v1/namespaces/a/serviceaccounts', { metadata: { name: 'default' } });
});
afterAll(() => server.close());

const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  server.ask(method, path, body, headers);
const PODS = '/api/v1/namespaces/a/pods';
const BUDGETS = '/apis/policy/v1/namespaces/a/poddisruptionbudgets';

async function runningPod(name: string, labels: object, ready = true): Promise<void> {
  await ask('POST', PODS, {
    metadata: { name, labels },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'a:1' }] },
  });
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  await ask('PATCH', `${PODS}/${name}/status`, { status: { phase: 'Running', conditions } });
}
async function budget(name: string, labels: object, status: object, spec: object = {}): Promise<void> {
  await ask('POST', BUDGETS, {
    metadata: { name },
    spec: { minAvailable: 1, selector: { matchLabels: labels }, ...spec },
  });
  await ask('PATCH', `${BUDGETS}/${name}/status`, {
    status: { observedGeneration: 1, expectedPods: 9, ...status },
  });
}
const evict = (name: string, more: object = {}, query = '') =>
  ask('POST', `${PODS}/${name}/eviction${query}`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name },
    ...more,
  });
const bind = (name: string, node: string, metadata: object = {}) =>
  ask('POST', `${PODS}/${name}/binding`, {
    metadata: { name, ...metadata },
    target: { kind: 'Node', name: node },
  });

describe('binding', () => {
  it('puts a pod on a node, once', async () => {
    await ask('POST', PODS, { metadata: { name: 'b' }, spec: { containers: [{ name: 'c', image: 'a:1' }] } });
    const made = await bind('b', 'n1', { annotations: { x: 'y' } });
    expect(made).toMatchObject({ status: 201, body: { kind: 'Status', status: 'Success', code: 201 } });
    const { body: pod } = await ask('GET', `${PODS}/b`);
    expect(pod.spec.nodeName).toBe('n1');
    expect(pod.metadata.annotations).toMatchObject({ x: 'y' });
    expect(pod.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
    expect((await bind('b', 'n2')).body).toMatchObject({
      code: 409,
      message: 'Operation cannot be fulfilled on pods/binding "b": pod b is already assigned to node "n1"',
    });
  });

  it('waits for scheduling gates and matching versions', async () => {
    const spec = { schedulingGates: [{ name: 'x.example/y' }], containers: [{ name: 'c', image: 'a:1' }] };
    await ask('POST', PODS, { metadata: { name: 'gated' }, spec });
    expect((await bind('gated', 'n')).body.message).toContain(
      'pod gated has non-empty .spec.schedulingGates',
    );
    expect((await bind('gated', 'n', { uid: 'x' })).status).toBe(409);
  });
});

describe('eviction', () => {
  it('deletes a pod that no budget guards', async () => {
    await runningPod('free', { app: 'free' });
    expect((await evict('free', {}, '?dryRun=All')).status).toBe(201);
    expect((await ask('GET', `${PODS}/free`)).body.metadata.deletionTimestamp).toBeUndefined();
    expect((await evict('free')).body).toMatchObject({ status: 'Success', code: 201 });
    const { body } = await ask('GET', `${PODS}/free`);
    expect(body.metadata.deletionTimestamp).toBeDefined();
    expect(body.status.conditions.map(({ type }: { type: string }) => type)).toContain('DisruptionTarget');
  });

  it('takes what the budget allows, and no more under concurrency', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `web${i}`);
    await Promise.all(names.map((name) => runningPod(name, { app: 'web' })));
    await budget('web', { app: 'web' }, { currentHealthy: 8, desiredHealthy: 5, disruptionsAllowed: 3 });
    const answers = await Promise.all(names.map((name) => evict(name)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      reason: 'TooManyRequests',
      details: {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget web needs 5 healthy pods and has 8 currently',
          },
        ],
      },
    });
    const { status } = (await ask('GET', `${BUDGETS}/web`)).body;
    expect(status.disruptionsAllowed).toBe(0);
    expect(Object.keys(status.disruptedPods)).toHaveLength(3);
    expect(status.conditions).toMatchObject([
      { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' },
    ]);
  });

  it('waits until the budget has been counted', async () => {
    await runningPod('new', { app: 'new' });
    await ask('POST', BUDGETS, {
      metadata: { name: 'new' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'new' } } },
    });
    const answer = await evict('new');
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('10');
  });

  it('lets pods go that are not ready, as the policy says', async () => {
    await runningPod('sick', { app: 'sick' }, false);
    await budget('sick', { app: 'sick' }, { currentHealthy: 0, desiredHealthy: 1, disruptionsAllowed: 0 });
    expect((await evict('sick')).status).toBe(429);
    await ask('PATCH', `${BUDGETS}/sick`, { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } });
    expect((await evict('sick')).status).toBe(201);
  });

  it('refuses pods with several budgets, and what preconditions forbid', async () => {
    await runningPod('both', { app: 'both' });
    await budget('one', { app: 'both' }, { disruptionsAllowed: 1 });
    await budget('two', { app: 'both' }, { disruptionsAllowed: 1 });
    expect((await evict('both')).body).toMatchObject({
      code: 500,
      message:
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    });
    await runningPod('other', { app: 'other' });
    expect((await evict('other', { deleteOptions: { preconditions: { uid: 'x' } } })).status).toBe(409);
  });

  it('takes the beta version of its body', async () => {
    await runningPod('beta', { app: 'beta' });
    expect((await evict('beta', { apiVersion: 'policy/v1beta1' })).status).toBe(201);
    expect((await evict('beta', { apiVersion: 'policy/v9' })).status).toBe(400);
  });
});

describe('what lies on nodes', () => {
  it('is not there yet, and says so', async () => {
    await runningPod('there', { app: 'there' });
    const { body } = await ask('GET', `${PODS}/there/log`);
    expect(body).toMatchObject({
      code: 503,
      message: 'pods/log needs a node agent, which this server does not have yet',
    });
    expect((await ask('GET', `${PODS}/there/log?container=zz`)).body.message).toBe(
      'container zz is not valid for pod there',
    );
    expect((await ask('GET', '/api/v1/namespaces/a/services/none/proxy/x')).status).toBe(404);
  });
});

describe('reviews and tokens', () => {
  it('are answered and not stored', async () => {
    const review = await ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
    });
    expect(review).toMatchObject({ status: 201, body: { status: { allowed: true } } });
    const who = await ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
    expect(who.body.status.userInfo.username).toBe('admin');
    const { body } = await ask('POST', '/api/v1/namespaces/a/serviceaccounts/default/token', { spec: {} });
    expect(body.status.token.split('.')).toHaveLength(3);
    const seen = await ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      spec: { token: body.status.token },
    });
    expect(seen.body.status).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:a:default' },
    });
    expect((await ask('GET', '/api/v1/componentstatuses')).body.items).toEqual([]);
  });
});

describe('namespaces/finalize', () => {
  it('lets an emptied namespace go', async () => {
    await ask('POST', '/api/v1/namespaces', { metadata: { name: 'gone' } });
    const { body } = await ask('DELETE', '/api/v1/namespaces/gone');
    expect(body.status.phase).toBe('Terminating');
    expect((await ask('GET', '/api/v1/namespaces/gone')).status).toBe(200);
    await ask('PUT', '/api/v1/namespaces/gone/finalize', { ...body, spec: { finalizers: [] } });
    expect((await ask('GET', '/api/v1/namespaces/gone')).status).toBe(404);
  });
});

describe('ephemeral containers and resize', () => {
  it('change a running pod in their own way only', async () => {
    await runningPod('run', { app: 'run' });
    const { body: pod } = await ask('GET', `${PODS}/run`);
    const debug = { name: 'debug', image: 'b:1' };
    const added = { ...pod, spec: { ...pod.spec, ephemeralContainers: [debug] } };
    expect((await ask('PUT', `${PODS}/run`, added)).status).toBe(422);
    const done = await ask('PUT', `${PODS}/run/ephemeralcontainers`, added);
    expect(done.body.spec.ephemeralContainers).toMatchObject([debug]);
  });
});
