import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_MAPS, configMap, type Server, startServer } from './harness.ts';
import { startWebhookServer, type WebhookServer } from './webhook-server.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const RULE = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
const allow = () => ({ allowed: true });
const patch =
  (...operations: object[]) =>
  () => ({
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
  });

let server: Server;
let hooks: WebhookServer;
const made: string[] = [];

beforeAll(async () => {
  hooks = await startWebhookServer();
  server = await startServer(undefined, { dialer: () => hooks.dialer, legacyApis: true });
});
afterAll(async () => {
  await server.close();
  await hooks.close();
});
beforeEach(async () => {
  for (const path of made.splice(0)) await server.ask('DELETE', path);
  await server.ask('DELETE', CONFIG_MAPS);
  hooks.asked.length = 0;
});

/** Registers one webhook of a sort; `own` overrides its fields. */
async function register(sort: 'validating' | 'mutating', path: string, own: object = {}, name = 'hooks') {
  const kind = sort === 'mutating' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration';
  const collection = `${GROUP}/${kind.toLowerCase()}s`;
  const webhook = {
    name: 'check.example.com',
    clientConfig: hooks.clientConfig(path),
    rules: [RULE],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...own,
  };
  const answer = await server.ask('POST', collection, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name },
    webhooks: [webhook],
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  made.push(`${collection}/${name}`);
  return answer.body;
}

const create = (name: string, metadata = {}, query = '') =>
  server.ask('POST', CONFIG_MAPS + query, configMap(name, { a: '1' }, metadata));

describe('a validating webhook', () => {
  it('refuses with its own message, code and reason', async () => {
    hooks.answer('/deny', () => ({
      allowed: false,
      status: { message: 'no such luck', reason: 'Forbidden', code: 403 },
    }));
    await register('validating', '/deny');
    const { status, body } = await create('a');
    expect(status).toBe(403);
    expect(body).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      message: 'admission webhook "check.example.com" denied the request: no such luck',
      reason: 'Forbidden',
    });
  });

  it('refuses with 400 when it explains nothing', async () => {
    hooks.answer('/deny', () => ({ allowed: false }));
    await register('validating', '/deny');
    const { body } = await create('a');
    expect(body.message).toBe('admission webhook "check.example.com" denied the request without explanation');
    expect(body.code).toBe(400);
  });

  it('is told of the request in full, and its warnings reach the client', async () => {
    hooks.answer('/warn', () => ({ allowed: true, warnings: ['mind the gap'] }));
    await register('validating', '/warn');
    const { headers } = await create('told', {}, '?fieldManager=me');
    expect(headers.warning).toContain('299 - "mind the gap"');
    await server.ask('DELETE', `${CONFIG_MAPS}/told`);
    const [made, deleted] = hooks.asked;
    expect(made?.path).toBe('/warn?timeout=10s');
    expect(made?.review).toMatchObject({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        resource: { group: '', version: 'v1', resource: 'configmaps' },
        requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
        name: 'told',
        namespace: 'default',
        operation: 'CREATE',
        userInfo: { username: 'admin' },
        object: { kind: 'ConfigMap', apiVersion: 'v1', data: { a: '1' } },
        oldObject: null,
        dryRun: false,
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' },
      },
    });
    expect(deleted?.review.request).toMatchObject({
      operation: 'DELETE',
      object: null,
      oldObject: { metadata: { name: 'told' } },
      options: { kind: 'DeleteOptions' },
    });
  });

  it('speaks v1beta1 when it prefers to', async () => {
    hooks.answer('/old', allow);
    await register('validating', '/old', { admissionReviewVersions: ['v1beta1', 'v1'] });
    expect((await create('a')).status).toBe(201);
    expect(hooks.asked[0]?.review.apiVersion).toBe('admission.k8s.io/v1beta1');
  });

  it('is asked only about what its selectors and rules name', async () => {
    hooks.answer('/deny', () => ({ allowed: false }));
    await server.ask('PATCH', '/api/v1/namespaces/default', { metadata: { labels: { guard: 'on' } } });
    await register('validating', '/deny', {
      objectSelector: { matchLabels: { strict: 'yes' } },
      namespaceSelector: { matchLabels: { guard: 'on' } },
      rules: [{ ...RULE, operations: ['CREATE'] }],
    });
    expect((await create('free')).status).toBe(201);
    expect((await create('bound', { labels: { strict: 'yes' } })).status).toBe(400);
    await server.ask('PATCH', '/api/v1/namespaces/default', { metadata: { labels: { guard: 'off' } } });
    expect((await create('bound', { labels: { strict: 'yes' } })).status).toBe(201);
    expect((await server.ask('DELETE', `${CONFIG_MAPS}/bound`)).status).toBe(200);
  });

  it('is asked only when its conditions hold', async () => {
    hooks.answer('/deny', () => ({ allowed: false }));
    await register('validating', '/deny', {
      matchConditions: [
        { name: 'not-free', expression: "object.metadata.name != 'free'" },
        { name: 'not-root', expression: "request.userInfo.username != 'root'" },
        { name: 'may', expression: "authorizer.requestResource.check('create').allowed()" },
      ],
    });
    expect((await create('free')).status).toBe(201);
    expect((await create('bound')).status).toBe(400);
  });

  it('fails closed when its conditions cannot be evaluated', async () => {
    hooks.answer('/ok', allow);
    await register('validating', '/ok', {
      matchConditions: [{ name: 'x', expression: 'object.data.missing == "1"' }],
    });
    const { status, body } = await create('a');
    expect(status).toBe(403);
    expect(body.message).toContain("expression 'x' resulted in error: no such key: missing");
  });

  it('refuses when several do, in the order of their configurations', async () => {
    hooks.answer('/one', () => ({ allowed: false, status: { message: 'one' } }));
    hooks.answer('/two', () => ({ allowed: false, status: { message: 'two' } }));
    await register('validating', '/two', {}, 'b');
    await register('validating', '/one', {}, 'a');
    expect((await create('a')).body.message).toMatch(/: one$/);
  });
});

describe('a webhook that cannot be asked', () => {
  const cases: [string, object, RegExp][] = [
    [
      'has no Service',
      { clientConfig: { service: { namespace: 'hooks', name: 'gone' } } },
      /service "gone" not found/,
    ],
    [
      'answers with an error',
      {},
      /an error on the server \("broken"\) has prevented the request from succeeding/,
    ],
    ['is no path of its server', { clientConfig: undefined }, /could not find the requested resource/],
    [
      'has a URL that is not allowed',
      { clientConfig: { url: 'https://169.254.169.254/x' } },
      /host "169.254.169.254" is not allowed/,
    ],
  ];
  it.each(cases)('refuses the request when it %s', async (_, own, message) => {
    hooks.answer('/broken', () => 500);
    const clientConfig =
      'clientConfig' in own && own.clientConfig === undefined ? hooks.clientConfig('/nowhere') : undefined;
    await register('validating', '/broken', clientConfig ? { clientConfig } : own);
    const { status, body } = await create('a');
    expect(status).toBe(500);
    expect(body.reason).toBe('InternalError');
    expect(body.message).toMatch(
      /^Internal error occurred: failed calling webhook "check.example.com": failed to call webhook: /,
    );
    expect(body.message).toMatch(message);
  });

  it('is passed over with failurePolicy Ignore', async () => {
    hooks.answer('/broken', () => 500);
    await register('validating', '/broken', { failurePolicy: 'Ignore' });
    expect((await create('a')).status).toBe(201);
  });

  it('is given the time that it asks for and no more', async () => {
    hooks.answer(
      '/slow',
      () => new Promise((resolve) => setTimeout(() => resolve({ allowed: true }), 3000).unref()),
    );
    await register('validating', '/slow', { timeoutSeconds: 1 });
    const started = performance.now();
    const { status, body } = await create('a');
    expect(performance.now() - started).toBeLessThan(2500);
    expect(status).toBe(500);
    expect(body.message).toContain('/slow?timeout=1s": context deadline exceeded');
  });

  it('is not trusted with another authority', async () => {
    hooks.answer('/ok', allow);
    await register('validating', '/ok', {
      clientConfig: { ...hooks.clientConfig('/ok'), caBundle: Buffer.from(server.ca).toString('base64') },
    });
    expect((await create('a')).body.message).toContain('x509: certificate signed by unknown authority');
  });

  it('gives an answer to another question', async () => {
    hooks.answer('/ok', () => ({ allowed: true, uid: 'other' }));
    await register('validating', '/ok');
    expect((await create('a')).body.message).toMatch(/expected response.uid="[-0-9a-f]+", got "other"/);
  });
});

describe('a dry run', () => {
  it('asks webhooks without side effects and refuses where there are some', async () => {
    hooks.answer('/ok', allow);
    const configuration = await register('validating', '/ok', { sideEffects: 'NoneOnDryRun' });
    expect((await create('a', {}, '?dryRun=All')).status).toBe(201);
    expect(hooks.asked[0]?.review.request.dryRun).toBe(true);
    expect(configuration.webhooks[0].timeoutSeconds).toBe(10);
    const beta = '/apis/admissionregistration.k8s.io/v1beta1/validatingwebhookconfigurations/hooks';
    const changed = await server.ask('GET', beta);
    changed.body.webhooks[0].sideEffects = 'Some';
    expect((await server.ask('PUT', beta, changed.body)).status).toBe(200);
    const refused = await create('b', {}, '?dryRun=All');
    expect(refused.status).toBe(400);
    expect(refused.body.message).toBe('admission webhook "check.example.com" does not support dry run');
  });
});

describe('a mutating webhook', () => {
  it('changes what is stored', async () => {
    hooks.answer('/patch', patch({ op: 'add', path: '/data/b', value: '2' }));
    await register('mutating', '/patch');
    expect((await create('a')).body.data).toEqual({ a: '1', b: '2' });
    expect((await server.ask('GET', `${CONFIG_MAPS}/a`)).body.data).toEqual({ a: '1', b: '2' });
  });

  it('has its result defaulted and validated', async () => {
    hooks.answer(
      '/patch',
      patch({ op: 'add', path: '/spec/initContainers', value: [{ name: 'i', image: 'x' }] }),
    );
    const rules = [{ ...RULE, operations: ['CREATE'], resources: ['pods'] }];
    await register('mutating', '/patch', { rules });
    await server.ask('POST', '/api/v1/namespaces/default/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default' },
    });
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    };
    const { status, body } = await server.ask('POST', '/api/v1/namespaces/default/pods', pod);
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body.spec.initContainers[0]).toMatchObject({
      terminationMessagePolicy: 'File',
      imagePullPolicy: 'Always',
    });
    // the plug-ins ran again over what the webhook added
    expect(body.spec.initContainers[0].volumeMounts?.[0]?.mountPath).toBe(
      '/var/run/secrets/kubernetes.io/serviceaccount',
    );
  });

  it('is refused a patch that does not fit, or of what there is nothing to change', async () => {
    hooks.answer('/patch', patch({ op: 'remove', path: '/data/none' }));
    await register('mutating', '/patch');
    expect((await create('a')).status).toBe(500);
    await server.ask('DELETE', made[0] as string);
    await create('b');
    hooks.answer('/patch', patch({ op: 'add', path: '/data', value: {} }));
    await register('mutating', '/patch');
    const { body } = await server.ask('DELETE', `${CONFIG_MAPS}/b`);
    expect(body.message).toContain(
      'attempted to modify the object, which is not supported for this operation',
    );
  });

  it('is asked again when another one changed the object after it, if it wants', async () => {
    hooks.answer('/first', patch({ op: 'add', path: '/data/first', value: 'x' }));
    hooks.answer('/second', patch({ op: 'add', path: '/data/second', value: 'x' }));
    await register('mutating', '/first', { reinvocationPolicy: 'IfNeeded' }, 'a');
    await register('mutating', '/second', {}, 'b');
    expect((await create('a')).body.data).toEqual({ a: '1', first: 'x', second: 'x' });
    expect(hooks.asked.map(({ path }) => path.split('?')[0])).toEqual(['/first', '/second', '/first']);
  });

  it('sees another version of the object when it asks for one', async () => {
    hooks.answer('/patch', patch({ op: 'replace', path: '/spec/maxReplicas', value: 7 }));
    const rule = {
      ...RULE,
      apiGroups: ['autoscaling'],
      apiVersions: ['v1'],
      resources: ['horizontalpodautoscalers'],
    };
    await register('mutating', '/patch', { rules: [rule] });
    const hpa = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h' },
      spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } },
    };
    const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
    const { status, body } = await server.ask('POST', path, hpa);
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body.spec.maxReplicas).toBe(7);
    expect(body.apiVersion).toBe('autoscaling/v2');
    expect(hooks.asked[0]?.review.request).toMatchObject({
      kind: { version: 'v1' },
      requestKind: { version: 'v2' },
      object: { apiVersion: 'autoscaling/v1' },
    });
  });

  it('changes the replicas of a scale', async () => {
    hooks.answer('/patch', patch({ op: 'replace', path: '/spec/replicas', value: 2 }));
    const replicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'r' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      },
    };
    const path = '/apis/apps/v1/namespaces/default/replicasets';
    await server.ask('POST', path, replicaSet);
    const rule = { ...RULE, apiGroups: ['apps'], resources: ['replicasets/scale'] };
    await register('mutating', '/patch', { rules: [rule] });
    const { body } = await server.ask('PATCH', `${path}/r/scale`, { spec: { replicas: 5 } });
    expect(body.spec.replicas).toBe(2);
    expect(hooks.asked[0]?.review.request).toMatchObject({
      kind: { group: 'autoscaling', kind: 'Scale' },
      object: { kind: 'Scale', spec: { replicas: 5 } },
      subResource: 'scale',
    });
  });
});

it('never asks webhooks about the configurations of webhooks', async () => {
  hooks.answer('/deny', () => ({ allowed: false }));
  const rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] };
  await register('validating', '/deny', { rules: [rule] });
  await register('mutating', '/deny', { rules: [rule] }, 'second');
  expect((await create('a')).status).toBe(400);
  for (const path of made) expect((await server.ask('DELETE', path)).status).toBe(200);
  expect((await create('a')).status).toBe(201);
});

it('keeps its connections', async () => {
  hooks.answer('/ok', allow);
  await register('validating', '/ok');
  await create('warm');
  const before = hooks.connections();
  for (let i = 0; i < 20; i++) expect((await create(`c${i}`)).status).toBe(201);
  expect(hooks.connections()).toBe(before);
});

it('refuses configurations that could not work', async () => {
  const { status, body } = await server.ask('POST', `${GROUP}/validatingwebhookconfigurations`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'wrong' },
    webhooks: [
      {
        name: 'short',
        clientConfig: {},
        rules: [{ operations: ['READ'], apiGroups: ['*', 'x'], apiVersions: [], resources: ['*', 'pods'] }],
        sideEffects: 'Some',
        admissionReviewVersions: ['v9'],
        timeoutSeconds: 60,
        matchConditions: [{ name: 'x', expression: 'object.' }],
      },
    ],
  });
  expect(status).toBe(422);
  const fields = body.details.causes.map(({ field }: { field: string }) => field.replace('webhooks[0].', ''));
  expect(fields).toEqual([
    'name',
    'rules[0].operations[0]',
    'rules[0].apiGroups',
    'rules[0].apiVersions',
    'rules[0].resources',
    'sideEffects',
    'timeoutSeconds',
    'clientConfig',
    'matchConditions[0].expression',
    'admissionReviewVersions',
  ]);
});
