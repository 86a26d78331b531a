import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { CONFIG_MAPS, configMap, type Server, startServer } from './harness.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const POLICIES = `${GROUP}/mutatingadmissionpolicies`;
const BINDINGS = `${GROUP}/mutatingadmissionpolicybindings`;
const rule = (resource: string, apiGroup = '') => ({
  operations: ['CREATE'],
  apiGroups: [apiGroup],
  apiVersions: ['v1'],
  resources: [resource],
});

let server: Server;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  for (const path of [BINDINGS, POLICIES, CONFIG_MAPS]) await server.ask('DELETE', path);
});

const policy = (name: string, spec: object) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingAdmissionPolicy',
  metadata: { name },
  spec: {
    matchConstraints: { resourceRules: [rule('configmaps')] },
    reinvocationPolicy: 'Never',
    ...spec,
  },
});

const apply = (expression: string) => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
});
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

async function bind(spec: object, name = 'p', binding: object = {}): Promise<void> {
  const made = await server.ask('POST', POLICIES, policy(name, spec));
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const bound = await server.ask('POST', BINDINGS, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, ...binding },
  });
  expect(bound.status, JSON.stringify(bound.body)).toBe(201);
}

const create = (name: string, data: Record<string, string> = {}, metadata = {}) =>
  server.ask('POST', CONFIG_MAPS, configMap(name, data, metadata));

it('applies a configuration, merged as server-side apply merges', async () => {
  await bind({
    variables: [{ name: 'team', expression: "namespaceObject.metadata.name + '-team'" }],
    mutations: [
      apply('Object{metadata: Object.metadata{labels: {"team": variables.team}}, data: {"made": "yes"}}'),
    ],
  });
  const { status, body } = await create('a', { own: '1' }, { labels: { mine: 'x' } });
  expect(status, JSON.stringify(body)).toBe(201);
  expect(body.metadata.labels).toEqual({ mine: 'x', team: 'default-team' });
  expect(body.data).toEqual({ own: '1', made: 'yes' });
});

it('merges lists by their keys', async () => {
  const deployments = '/apis/apps/v1/namespaces/default/deployments';
  await bind({
    matchConstraints: { resourceRules: [rule('deployments', 'apps')] },
    mutations: [
      apply(
        `Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{
          containers: object.spec.template.spec.containers.map(c,
            Object.spec.template.spec.containers{name: c.name, env: [
              Object.spec.template.spec.containers.env{name: "FROM", value: "policy"}]})}}}}`,
      ),
    ],
  });
  const labels = { app: 'x' };
  const { status, body } = await server.ask('POST', deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'c', image: 'i', env: [{ name: 'OWN', value: '1' }] }] },
      },
    },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  const [container] = body.spec.template.spec.containers;
  expect(container.image).toBe('i');
  expect(container.env).toEqual([
    { name: 'OWN', value: '1' },
    { name: 'FROM', value: 'policy' },
  ]);
});

it('applies JSON patches, each to what those before made', async () => {
  await bind({
    mutations: [
      patch('[JSONPatch{op: "add", path: "/data/" + jsonpatch.escapeKey("n"), value: "1"}]'),
      patch(
        'object.data.n == "1" ? [JSONPatch{op: "replace", path: "/data/n", value: object.data.n + "2"}] : []',
      ),
    ],
  });
  expect((await create('a', { own: '1' })).body.data).toEqual({ own: '1', n: '12' });
});

it('changes nothing where its conditions do not hold', async () => {
  await bind({
    matchConditions: [{ name: 'named', expression: "object.metadata.name != 'free'" }],
    mutations: [apply('Object{data: {"made": "yes"}}')],
  });
  expect((await create('free', { a: '1' })).body.data).toEqual({ a: '1' });
  expect((await create('bound', { a: '1' })).body.data).toEqual({ a: '1', made: 'yes' });
});

it('runs again after others changed the object, when it wants to', async () => {
  const count = 'Object{data: {"seen": string(object.data.size())}}';
  await bind({ reinvocationPolicy: 'IfNeeded', mutations: [apply(count)] }, 'a');
  await bind({ mutations: [apply('Object{data: {"second": "x"}}')] }, 'b');
  expect((await create('a', { own: '1' })).body.data).toEqual({ own: '1', second: 'x', seen: '3' });
});

it('refuses the request when it cannot do its work, unless it says otherwise', async () => {
  const mutations = [patch('[JSONPatch{op: "remove", path: "/data/none"}]')];
  await bind({ mutations });
  const { status, body } = await create('a', { a: '1' });
  expect(status).toBe(403);
  expect(body.message).toMatch(/^policy 'p' with binding 'p' denied request: /);
  for (const path of [BINDINGS, POLICIES]) await server.ask('DELETE', path);
  await bind({ mutations, failurePolicy: 'Ignore' });
  expect((await create('a', { a: '1' })).status).toBe(201);
});

it('may not make another object of it', async () => {
  await bind({ mutations: [apply('Object{metadata: Object.metadata{name: "other"}}')] });
  expect((await create('a')).body.message).toContain('metadata.name may not be mutated');
});

it('refuses policies that could not work', async () => {
  const { status, body } = await server.ask(
    'POST',
    POLICIES,
    policy('wrong', {
      reinvocationPolicy: undefined,
      mutations: [
        apply('1'),
        patch('Object{}'),
        { patchType: 'Merge' },
        { patchType: 'JSONPatch' },
        apply('Other{a: 1}'),
      ],
    }),
  );
  expect(status).toBe(422);
  expect(body.details.causes.map(({ field }: { field: string }) => field)).toEqual([
    'spec.mutations[0].applyConfiguration.expression',
    'spec.mutations[1].jsonPatch.expression',
    'spec.mutations[2].patchType',
    'spec.mutations[3].jsonPatch',
    'spec.mutations[4].applyConfiguration.expression',
    'spec.reinvocationPolicy',
  ]);
});
