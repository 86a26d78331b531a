import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_MAPS, configMap, type Server, startServer } from './harness.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const POLICIES = `${GROUP}/validatingadmissionpolicies`;
const BINDINGS = `${GROUP}/validatingadmissionpolicybindings`;
const RULE = {
  operations: ['CREATE', 'UPDATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
};

let server: Server;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  for (const path of [BINDINGS, POLICIES, CONFIG_MAPS]) await server.ask('DELETE', path);
});

const policy = (spec: object) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'p' },
  spec: { matchConstraints: { resourceRules: [RULE] }, ...spec },
});

/** A policy that is bound; `binding` overrides the binding's spec. */
async function bind(spec: object, binding: object = {}): Promise<void> {
  const made = await server.ask('POST', POLICIES, policy(spec));
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const bound = await server.ask('POST', BINDINGS, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'b' },
    spec: { policyName: 'p', validationActions: ['Deny'], ...binding },
  });
  expect(bound.status, JSON.stringify(bound.body)).toBe(201);
}

const create = (name: string, data: Record<string, string> = {}, metadata = {}) =>
  server.ask('POST', CONFIG_MAPS, configMap(name, data, metadata));

describe('a policy', () => {
  it('refuses what its expression forbids, in its own words', async () => {
    await bind({
      validations: [
        {
          expression: "!has(object.data) || !('secret' in object.data)",
          message: 'no secrets in here',
          reason: 'Forbidden',
        },
      ],
    });
    expect((await create('fine', { a: '1' })).status).toBe(201);
    const { status, body } = await create('bad', { secret: 'x' });
    expect(status).toBe(403);
    const text = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no secrets in here";
    expect(body).toMatchObject({
      reason: 'Forbidden',
      message: `configmaps "bad" is forbidden: ${text}`,
      details: { name: 'bad', kind: 'configmaps', causes: [{ message: text }] },
    });
  });

  it('says what failed by a message expression, else by the expression', async () => {
    await bind({
      variables: [{ name: 'size', expression: 'object.data.size()' }],
      validations: [
        {
          expression: 'variables.size < 2',
          messageExpression: "'has ' + string(variables.size) + ' entries'",
        },
        { expression: "object.metadata.name != 'x'" },
      ],
    });
    const { status, body } = await create('a', { a: '1', b: '2' });
    expect(status).toBe(422);
    expect(body.message).toContain('denied request: has 2 entries');
    expect((await create('x', { a: '1' })).body.message).toContain(
      "failed expression: object.metadata.name != 'x'",
    );
  });

  it('sees the old object, the request and the namespace', async () => {
    await bind({
      validations: [
        { expression: "request.operation != 'UPDATE' || object.data.a == oldObject.data.a" },
        {
          expression:
            "namespaceObject.metadata.name == request.namespace && request.userInfo.username == 'admin'",
        },
        { expression: "request.kind.kind == 'ConfigMap' && request.dryRun == false" },
      ],
    });
    expect((await create('a', { a: '1' })).status).toBe(201);
    expect((await server.ask('PATCH', `${CONFIG_MAPS}/a`, { data: { b: '1' } })).status).toBe(200);
    expect((await server.ask('PATCH', `${CONFIG_MAPS}/a`, { data: { a: '2' } })).status).toBe(422);
  });

  it('may ask what the user may do', async () => {
    await bind({
      validations: [
        {
          expression:
            "object.metadata.name != 'approved' || authorizer.group('example.com').resource('approvals').namespace(request.namespace).name('x').check('approve').allowed()",
        },
        { expression: "authorizer.requestResource.check('create').allowed()" },
        {
          expression:
            "!authorizer.serviceAccount('default', 'nobody').group('').resource('secrets').check('list').allowed()",
        },
        { expression: "authorizer.path('/healthz').check('get').allowed()" },
      ],
    });
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    await server.ask('POST', `${rbac}/roles`, {
      apiVersion,
      kind: 'Role',
      metadata: { name: 'maker' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['create'] }],
    });
    await server.ask('POST', `${rbac}/rolebindings`, {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { name: 'jane' },
      subjects: [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }],
      roleRef: { kind: 'Role', name: 'maker', apiGroup: 'rbac.authorization.k8s.io' },
    });
    const jane = { 'impersonate-user': 'jane', 'impersonate-group': 'system:authenticated' };
    expect((await server.ask('POST', CONFIG_MAPS, configMap('other'), jane)).status).toBe(201);
    expect((await server.ask('POST', CONFIG_MAPS, configMap('approved'), jane)).status).toBe(422);
    expect((await create('approved')).status).toBe(201);
  });

  it('applies to nothing that its rules, selectors and conditions leave out', async () => {
    await bind(
      {
        matchConstraints: {
          resourceRules: [RULE],
          excludeResourceRules: [{ ...RULE, resourceNames: ['free'] }],
          objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] },
        },
        matchConditions: [
          {
            name: 'named',
            expression: "object.metadata.name.startsWith('f') || object.metadata.name == 'x'",
          },
        ],
        validations: [{ expression: 'false' }],
      },
      {
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } },
      },
    );
    expect((await create('x')).status).toBe(422);
    expect((await create('free')).status).toBe(201);
    expect((await create('f1', {}, { labels: { skip: '' } })).status).toBe(201);
    expect((await create('other')).status).toBe(201);
    const elsewhere = '/api/v1/namespaces/kube-public/configmaps';
    expect((await server.ask('POST', elsewhere, configMap('x'))).status).toBe(201);
  });

  it('is evaluated with each object that its binding names', async () => {
    await create('limits', { max: '1' });
    const spec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConditions: [{ name: 'others', expression: "object.metadata.name != 'limits'" }],
      validations: [{ expression: 'object.data.size() <= int(params.data.max)' }],
    };
    await bind(spec, { paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' } });
    expect((await create('one', { a: '1' })).status).toBe(201);
    expect((await create('two', { a: '1', b: '2' })).status).toBe(422);
    await server.ask('DELETE', `${CONFIG_MAPS}/limits`);
    expect((await create('three', { a: '1' })).body.message).toContain(
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    );
  });

  it('fails closed when an expression cannot be evaluated, unless it says otherwise', async () => {
    const validations = [{ expression: "object.data.none == 'x'" }];
    await bind({ validations });
    const { status, body } = await create('a', { a: '1' });
    expect(status).toBe(422);
    expect(body.message).toContain(
      "expression 'object.data.none == 'x'' resulted in error: no such key: none",
    );
    await server.ask('DELETE', BINDINGS);
    await server.ask('DELETE', POLICIES);
    await bind({ validations, failurePolicy: 'Ignore' });
    expect((await create('a', { a: '1' })).status).toBe(201);
  });

  it('only warns when its binding says so', async () => {
    await bind(
      { validations: [{ expression: 'false', message: 'hm' }] },
      { validationActions: ['Warn', 'Audit'] },
    );
    const { status, headers } = await create('a');
    expect(status).toBe(201);
    expect(headers.warning).toContain(
      `299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': hm"`,
    );
  });

  it('tells that it was looked at', async () => {
    await bind({ validations: [{ expression: 'true' }] });
    const path = `${POLICIES}/p`;
    expect((await server.ask('GET', path)).body.status).toEqual({ observedGeneration: 1, typeChecking: {} });
    await server.ask('PATCH', path, { metadata: { labels: { a: 'b' } } });
    await server.ask('PATCH', path, { spec: { failurePolicy: 'Ignore' } });
    const { metadata, status } = (await server.ask('GET', path)).body;
    expect([metadata.generation, status.observedGeneration]).toEqual([2, 2]);
  });

  it('is not asked while nothing binds it', async () => {
    await server.ask('POST', POLICIES, policy({ validations: [{ expression: 'false' }] }));
    expect((await create('a')).status).toBe(201);
  });
});

it('refuses policies that could not work', async () => {
  const { status, body } = await server.ask(
    'POST',
    POLICIES,
    policy({
      failurePolicy: 'Maybe',
      paramKind: { apiVersion: 'v1' },
      matchConstraints: {},
      variables: [
        { name: 'a', expression: 'variables.b' },
        { name: 'not-a-name', expression: '1' },
      ],
      validations: [
        { expression: 'object.' },
        { expression: "'text'" },
        { expression: 'variables.unknown', message: 'a\nb', reason: 'Odd' },
        { expression: 'authorizer.group("").check("get").allowed()' },
        { expression: 'authorizer.group("").resource("pods").check("get")' },
      ],
    }),
  );
  expect(status).toBe(422);
  expect(body.details.causes.map(({ field }: { field: string }) => field)).toEqual([
    'spec.failurePolicy',
    'spec.paramKind.kind',
    'spec.matchConstraints.resourceRules',
    'spec.variables[0].expression',
    'spec.variables[1].name',
    'spec.validations[0].expression',
    'spec.validations[1].expression',
    'spec.validations[2].expression',
    'spec.validations[2].message',
    'spec.validations[2].reason',
    'spec.validations[3].expression',
    'spec.validations[4].expression',
  ]);
  const binding = await server.ask('POST', BINDINGS, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'wrong' },
    spec: { validationActions: ['Deny', 'Warn', 'Shout'], paramRef: {} },
  });
  expect(binding.body.details.causes.map(({ field }: { field: string }) => field)).toEqual([
    'spec.policyName',
    'spec.paramRef',
    'spec.paramRef.parameterNotFoundAction',
    'spec.validationActions[2]',
    'spec.validationActions',
  ]);
});
