import { generateKeys } from '@sampan/machinery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createControlPlane, SigningKeys } from '../src/index.ts';
import { type Answer, CONFIG_MAPS, type Server, startServer } from './harness.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const GROUP = 'sea.example.com';
const SPEC = { type: 'object', properties: { a: { type: 'string' } } };
const ROOT = { type: 'object', properties: { spec: SPEC } };

interface Names {
  readonly plural: string;
  readonly kind: string;
  readonly shortNames?: string[];
}

const version = (name: string, more: object = {}) => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: ROOT },
  ...more,
});

const definition = (names: Names, versions: object[] = [version('v1')]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${names.plural}.${GROUP}` },
  spec: { group: GROUP, scope: 'Namespaced', names, versions },
});

const BOATS: Names = { plural: 'boats', kind: 'Boat', shortNames: ['bt'] };
const at = (resource: string, of = 'v1') => `/apis/${GROUP}/${of}/namespaces/default/${resource}`;
const boat = (name: string, spec: object = { a: 'x' }, metadata: object = {}, of = 'v1') => ({
  apiVersion: `${GROUP}/${of}`,
  kind: 'Boat',
  metadata: { name, ...metadata },
  spec,
});

let server: Server;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const ask: Server['ask'] = (...args) => server.ask(...args);

/** Asks until the answer is as wanted: definitions are brought up to date soon after they are written. */
async function until(path: string, wanted: (answer: Answer) => boolean): Promise<Answer> {
  for (let i = 0; i < 200; i++) {
    const answer = await ask('GET', path);
    if (wanted(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${path} did not become as wanted`);
}

const conditionOf = ({ body }: Answer, type: string) =>
  body.status?.conditions?.find((condition: { type: string }) => condition.type === type);

async function establish(names: Names, versions?: object[]): Promise<void> {
  const made = await ask('POST', CRDS, definition(names, versions));
  expect(made.status).toBe(201);
  await until(
    `${CRDS}/${names.plural}.${GROUP}`,
    (answer) => conditionOf(answer, 'Established')?.status === 'True',
  );
}

describe('a custom resource', () => {
  it('is served once it is established, and not before it is defined', async () => {
    expect((await ask('GET', at('boats'))).status).toBe(404);
    await establish(BOATS);
    expect((await ask('POST', at('boats'), boat('a'))).status).toBe(201);
    expect((await ask('GET', `${at('boats')}/a`)).body.spec).toEqual({ a: 'x' });
    expect((await ask('GET', `/apis/${GROUP}/v1/boats`)).body.items).toHaveLength(1);
  });

  it('is known to discovery and OpenAPI while it is there, with its newest schema', async () => {
    const openapi = `/openapi/v3/apis/${GROUP}/v1`;
    await establish(BOATS);
    const { body } = await ask('GET', `/apis/${GROUP}/v1`);
    expect(body.resources).toMatchObject([{ name: 'boats', kind: 'Boat', shortNames: ['bt'] }]);
    const { hash } = await hashAndSchema(openapi, ['a']);
    const properties = { ...SPEC.properties, b: { type: 'integer' } };
    const schema = { openAPIV3Schema: { ...ROOT, properties: { spec: { ...SPEC, properties } } } };
    await ask('PATCH', `${CRDS}/boats.${GROUP}`, { spec: { versions: [version('v1', { schema })] } });
    expect((await hashAndSchema(openapi, ['a', 'b'])).hash).not.toBe(hash);
    await ask('DELETE', `${CRDS}/boats.${GROUP}`);
    await until(`${CRDS}/boats.${GROUP}`, ({ status }) => status === 404);
    expect((await ask('GET', `/apis/${GROUP}/v1`)).status).toBe(404);
    expect((await ask('GET', openapi)).status).toBe(404);
    const groups = (await ask('GET', '/apis')).body.groups.map(({ name }: { name: string }) => name);
    expect(groups).not.toContain(GROUP);
  });

  async function hashAndSchema(path: string, fields: string[]): Promise<{ hash: string }> {
    const { paths } = (await ask('GET', '/openapi/v3')).body;
    const { body } = await ask('GET', path);
    const { spec } = body.components.schemas['com.example.sea.v1.Boat'].properties;
    expect(Object.keys(spec.properties)).toEqual(fields);
    return { hash: paths[`apis/${GROUP}/v1`].serverRelativeURL };
  }

  it('is shown in each served version, stored in one', async () => {
    const beta = version('v1beta1', { storage: false, deprecated: true });
    await establish(BOATS, [version('v1'), beta, version('v1alpha1', { served: false, storage: false })]);
    await ask('POST', at('boats', 'v1beta1'), boat('a', { a: 'x' }, {}, 'v1beta1'));
    expect((await ask('GET', `${at('boats')}/a`)).body.apiVersion).toBe(`${GROUP}/v1`);
    const old = await ask('GET', `${at('boats', 'v1beta1')}/a`);
    expect(old.body.apiVersion).toBe(`${GROUP}/v1beta1`);
    expect(old.headers.warning).toContain('is deprecated; use sea.example.com/v1 Boat');
    expect((await ask('GET', at('boats', 'v1alpha1'))).status).toBe(404);
    const group = (await ask('GET', `/apis/${GROUP}`)).body;
    expect(group.versions.map(({ version: name }: { version: string }) => name)).toEqual(['v1', 'v1beta1']);
    const spec = { versions: [version('v1')] };
    await ask('PATCH', `${CRDS}/boats.${GROUP}`, { spec });
    await until(at('boats', 'v1beta1'), ({ status }) => status === 404);
    expect((await ask('GET', `${at('boats')}/a`)).status).toBe(200);
  });

  it('of which a new version becomes the stored one keeps its objects', async () => {
    await establish(BOATS);
    await ask('POST', at('boats'), boat('a'));
    const versions = [version('v1', { storage: false }), version('v2')];
    await ask('PATCH', `${CRDS}/boats.${GROUP}`, { spec: { versions } });
    const { body } = await until(`${at('boats', 'v2')}/a`, ({ status }) => status === 200);
    expect(body).toMatchObject({ apiVersion: `${GROUP}/v2`, spec: { a: 'x' } });
    const { status } = (await ask('GET', `${CRDS}/boats.${GROUP}`)).body;
    expect(status.storedVersions).toEqual(['v1', 'v2']);
  });

  it('waits for its names while another has them, and gets them when that goes', async () => {
    await establish(BOATS);
    await ask('POST', CRDS, definition({ plural: 'ships', kind: 'Boat', shortNames: ['sp'] }));
    const path = `${CRDS}/ships.${GROUP}`;
    const refused = await until(path, (answer) => conditionOf(answer, 'NamesAccepted') !== undefined);
    expect(conditionOf(refused, 'NamesAccepted')).toMatchObject({
      status: 'False',
      reason: 'ListKindConflict',
    });
    expect(conditionOf(refused, 'Established').status).toBe('False');
    expect((await ask('GET', at('ships'))).status).toBe(404);
    await ask('DELETE', `${CRDS}/boats.${GROUP}`);
    const accepted = await until(path, (answer) => conditionOf(answer, 'Established')?.status === 'True');
    expect(conditionOf(accepted, 'NamesAccepted').reason).toBe('NoConflicts');
    expect((await ask('GET', at('ships'))).status).toBe(200);
  });

  it('gets a name that another gives up', async () => {
    await establish(BOATS);
    await ask('POST', CRDS, definition({ plural: 'ships', kind: 'Ship', shortNames: ['bt'] }));
    const path = `${CRDS}/ships.${GROUP}`;
    const refused = await until(path, (answer) => conditionOf(answer, 'NamesAccepted') !== undefined);
    expect(conditionOf(refused, 'NamesAccepted').reason).toBe('ShortNamesConflict');
    await ask('PATCH', `${CRDS}/boats.${GROUP}`, { spec: { names: { shortNames: ['b'] } } });
    await until(path, (answer) => conditionOf(answer, 'Established')?.status === 'True');
  });

  it('with a costly pattern answers at once, and holds up nobody', async () => {
    const a = { type: 'string', pattern: '^(a+)+$' };
    const schema = { openAPIV3Schema: { ...ROOT, properties: { spec: { ...SPEC, properties: { a } } } } };
    await establish(BOATS, [version('v1', { schema })]);
    const start = performance.now();
    const others = Array.from({ length: 20 }, () => ask('GET', CONFIG_MAPS));
    const refused = await ask('POST', at('boats'), boat('a', { a: `${'a'.repeat(100_000)}!` }));
    expect(refused.status).toBe(422);
    for (const { status } of await Promise.all(others)) expect(status).toBe(200);
    expect((await ask('POST', at('boats'), boat('b', { a: 'aaa' }))).status).toBe(201);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('named as inherited members are is like any other', async () => {
    await establish({ plural: 'constructors', kind: 'Constructor' });
    const object = {
      apiVersion: `${GROUP}/v1`,
      kind: 'Constructor',
      metadata: { name: 'constructor' },
      spec: { a: 'x' },
    };
    expect((await ask('POST', at('constructors'), object)).status).toBe(201);
    expect((await ask('GET', `${at('constructors')}/constructor`)).body.spec).toEqual({ a: 'x' });
    expect((await ask('GET', at('__proto__'))).status).toBe(404);
  });
});

describe('integers of 64 bits in a custom resource', () => {
  const LARGE = 9223372036854775807n;
  const number = { type: 'integer', minimum: 5, format: 'int64' };
  const rule = { rule: 'self.n > 9223372036854775805', message: 'too small' };
  const spec = { type: 'object', properties: { n: number }, 'x-kubernetes-validations': [rule] };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };

  it('stay exact when they are created, patched, watched, judged and applied', async () => {
    await establish(BOATS, [version('v1', { schema })]);
    const created = await ask('POST', at('boats'), boat('big', { n: LARGE }));
    expect(created).toMatchObject({ status: 201, body: { spec: { n: LARGE } } });
    await ask('PATCH', `${at('boats')}/big`, { metadata: { labels: { a: 'b' } } });
    expect((await ask('GET', `${at('boats')}/big`)).body.spec.n).toBe(LARGE);
    const less = await ask('PATCH', `${at('boats')}/big`, { spec: { n: LARGE - 1n } });
    expect(less).toMatchObject({ status: 200, body: { spec: { n: LARGE - 1n } } });
    const small = await ask('PATCH', `${at('boats')}/big`, { spec: { n: LARGE - 2n } });
    expect(small).toMatchObject({ status: 422, body: { message: expect.stringContaining('too small') } });
  });
});

describe('a definition that is deleted', () => {
  it('takes its objects with it', async () => {
    await establish(BOATS);
    for (const name of ['a', 'b', 'c']) await ask('POST', at('boats'), boat(name));
    const deleted = await ask('DELETE', `${CRDS}/boats.${GROUP}`);
    expect(deleted.status).toBe(200);
    expect(conditionOf(deleted, 'Terminating')).toMatchObject({
      status: 'True',
      reason: 'InstanceDeletionPending',
    });
    await until(`${CRDS}/boats.${GROUP}`, ({ status }) => status === 404);
    await establish(BOATS);
    expect((await ask('GET', at('boats'))).body.items).toEqual([]);
  });

  it('waits for objects that finalizers hold, and takes no new ones', async () => {
    await establish(BOATS);
    await ask('POST', at('boats'), boat('held', {}, { finalizers: ['example.com/hold'] }));
    await ask('POST', at('boats'), boat('free'));
    await ask('DELETE', `${CRDS}/boats.${GROUP}`);
    const waiting = await until(
      `${CRDS}/boats.${GROUP}`,
      (answer) => conditionOf(answer, 'Terminating')?.reason === 'InstanceDeletionInProgress',
    );
    expect(waiting.body.metadata.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io']);
    expect((await ask('GET', `${at('boats')}/free`)).status).toBe(404);
    const refused = await ask('POST', at('boats'), boat('late'));
    expect([refused.status, refused.body.reason]).toEqual([403, 'Forbidden']);
    expect(refused.body.message).toContain(
      'create not allowed while custom resource definition is terminating',
    );
    const applied = await ask('PATCH', `${at('boats')}/late?fieldManager=m`, boat('late'), {
      'content-type': 'application/apply-patch+yaml',
    });
    expect(applied.status).toBe(403);
    await ask('PATCH', `${at('boats')}/held`, { metadata: { finalizers: null } });
    await until(`${CRDS}/boats.${GROUP}`, ({ status }) => status === 404);
    expect((await ask('GET', at('boats'))).status).toBe(404);
  });

  it('goes at once when it was never established', async () => {
    await establish(BOATS);
    await ask('POST', CRDS, definition({ plural: 'ships', kind: 'Boat' }));
    await ask('DELETE', `${CRDS}/ships.${GROUP}`);
    await until(`${CRDS}/ships.${GROUP}`, ({ status }) => status === 404);
    expect((await ask('GET', at('boats'))).status).toBe(200);
  });

  it('that was left waiting goes on when the server starts again', async () => {
    await establish(BOATS);
    await ask('POST', at('boats'), boat('held', {}, { finalizers: ['example.com/hold'] }));
    server.control.stop();
    await ask('DELETE', `${CRDS}/boats.${GROUP}`);
    await ask('PATCH', `${at('boats')}/held`, { metadata: { finalizers: null } });
    expect((await ask('GET', `${CRDS}/boats.${GROUP}`)).status).toBe(200);
    const again = await createControlPlane({
      store: server.store,
      clock: server.clock,
      clientCa: server.ca,
      keys: new SigningKeys(generateKeys().privateKeyPem),
      version: { major: '1', minor: '36', gitVersion: 'v1.36.0' },
      externalAddress: '127.0.0.1',
    });
    await until(`${CRDS}/boats.${GROUP}`, ({ status }) => status === 404);
    again.stop();
  });
});

describe('a watch of custom objects', () => {
  it('tells of the last deletions and ends when the definition goes', async () => {
    await establish(BOATS);
    await ask('POST', at('boats'), boat('a'));
    const watching = server.lines(`${at('boats')}?watch=true`, 100);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await ask('DELETE', `${CRDS}/boats.${GROUP}`);
    expect((await watching).map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
  });

  it('ends when the schema changes, and goes on where it was', async () => {
    await establish(BOATS);
    const watching = server.lines(`${at('boats')}?watch=true`, 100);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await ask('POST', at('boats'), boat('a'));
    const path = `${CRDS}/boats.${GROUP}`;
    const [changed] = definition(BOATS).spec.versions as Record<string, unknown>[];
    await ask('PATCH', path, {
      spec: { versions: [{ ...changed, schema: { openAPIV3Schema: { type: 'object' } } }] },
    });
    const [first, ...rest] = await watching;
    expect([first?.type, rest.length]).toEqual(['ADDED', 0]);
    const next = server.lines(
      `${at('boats')}?watch=true&resourceVersion=${first?.object.metadata.resourceVersion}`,
      1,
    );
    await ask('POST', at('boats'), boat('b'));
    expect((await next).map(({ object }) => object.metadata.name)).toEqual(['b']);
  });
});
