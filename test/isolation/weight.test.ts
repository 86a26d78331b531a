import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { type Cluster, startTwoGuests, type TwoGuests } from './two-guests.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/**
 * For one answer to others while A does its worst, on a machine that is busy with other tests; without bounds most of
 * these would take minutes.
 */
const MOST_MS = 8000;

let world: TwoGuests;

beforeAll(async () => {
  world = await startTwoGuests();
});

afterAll(() => world?.stop());

/** Does a thing while B and the host cluster are asked on and on; gives its result and the longest of their answers. */
async function whileOthersAsk<T>(task: () => Promise<T>): Promise<{ result: T; longest: number }> {
  let isOver = false;
  let longest = 0;
  const askOn = async (cluster: Cluster) => {
    while (!isOver) {
      const began = performance.now();
      const { code } = await cluster.get('/api/v1/namespaces/default');
      expect(code).toBe(200);
      longest = Math.max(longest, performance.now() - began);
    }
  };
  const others = [askOn(world.b), askOn(world.host)];
  try {
    return { result: await task(), longest };
  } finally {
    isOver = true;
    await Promise.all(others);
  }
}

/** The same, and others were answered in time. */
async function withoutStall<T>(task: () => Promise<T>): Promise<T> {
  const { result, longest } = await whileOthersAsk(task);
  expect(longest).toBeLessThan(MOST_MS);
  return result;
}

let count = 0;

/** A kind of its own with a schema of `spec`; gives where its objects are, or why there is none. */
async function kindWith(spec: object): Promise<{ path: string; kind: string } | { refusal: string }> {
  const { a } = world;
  const kind = `Bomb${++count}`;
  const plural = `bomb${count}s`;
  const made = await a.create(DEFINITIONS, {
    metadata: { name: `${plural}.weight.test` },
    spec: {
      group: 'weight.test',
      scope: 'Cluster',
      names: { plural, kind },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
    },
  });
  if (made.code !== 201) return { refusal: made.text };
  const path = `/apis/weight.test/v1/${plural}`;
  await expect.poll(async () => (await a.get(path)).code).toBe(200);
  return { path, kind };
}

const objectOf = (kind: string, spec: unknown) => ({
  apiVersion: 'weight.test/v1',
  kind,
  metadata: { generateName: 'x' },
  spec,
});

describe('what is heavy in one cluster does not stall another', () => {
  it.each([
    ['nested repetition', '^(a+)+$'],
    ['alternatives that overlap', '^(a|a)*$'],
    ['many repetitions', '^(((a{1,10}){1,10}){1,10})+$'],
    ['what begins everywhere', '(.*a){20}'],
  ])('patterns with %s', async (_, pattern) => {
    await withoutStall(async () => {
      const found = await kindWith({ type: 'string', pattern });
      if ('refusal' in found) return;
      const bad = await world.a.create(found.path, objectOf(found.kind, `${'a'.repeat(1_000_000)}!`));
      expect([201, 422]).toContain(bad.code);
      expect((await world.a.create(found.path, objectOf(found.kind, 'a'.repeat(30)))).code).toBe(201);
    });
  });

  it('patterns of CEL with many repetitions', async () => {
    const rule = 'self.matches("^(((a{1,10}){1,10}){1,10})+$")';
    await withoutStall(async () => {
      const found = await kindWith({
        ...{ type: 'string', maxLength: 1_000_000 },
        'x-kubernetes-validations': [{ rule }],
      });
      if ('refusal' in found) return;
      const bad = await world.a.create(found.path, objectOf(found.kind, `${'a'.repeat(900_000)}!`));
      expect(bad.code).toBe(422);
      expect((await world.a.create(found.path, objectOf(found.kind, 'a'.repeat(30)))).code).toBe(201);
    });
  });

  const list = { type: 'array', items: { type: 'string' } };

  it.each([
    ['loops within loops', 'self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d != "x"))))'],
    ['growing texts', 'self.map(a, self.map(b, self.map(c, a + b + c))).size() > 0'],
    ['patterns', 'self.all(a, self.all(b, a.matches("^(a+)+$") || b.matches("^(a|a)*$")))'],
  ])('rules of CEL with %s are refused, as their cost is beyond bounds', async (_, rule) => {
    await withoutStall(async () => {
      const found = await kindWith({ ...list, 'x-kubernetes-validations': [{ rule }] });
      expect(found).toHaveProperty('refusal', expect.stringMatching(/cost/));
      // one that has bounds is well
      const bounded = await kindWith({
        ...list,
        maxItems: 10,
        items: { type: 'string', maxLength: 10 },
        'x-kubernetes-validations': [{ rule: 'self.all(a, self.all(b, a + b != "xx"))' }],
      });
      expect(bounded).not.toHaveProperty('refusal');
    });
  });

  it.each([
    [
      'loops',
      'variables.l.all(a, variables.l.all(b, variables.l.all(c, variables.l.all(d, a + b + c + d >= 0))))',
    ],
    ['texts', 'variables.t.all(a, variables.t.all(b, variables.t.all(c, (a + b + c).contains("y"))))'],
  ])('policies with %s end when their cost is spent', async (_, expression) => {
    const { a, b } = world;
    const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
    const numbers = Array.from({ length: 300 }, (_, index) => index).join(', ');
    const made = await a.create(path, {
      metadata: { name: 'bomb' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
          ],
        },
        variables: [
          { name: 'l', expression: `[${numbers}]` },
          { name: 't', expression: `[${numbers}].map(x, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" + string(x))` },
        ],
        validations: [{ expression }],
      },
    });
    expect([201, 422], made.text).toContain(made.code);
    await a.create('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings', {
      metadata: { name: 'bomb' },
      spec: { policyName: 'bomb', validationActions: ['Deny'] },
    });
    if (made.code === 201) {
      const answer = await withoutStall(() => a.create(MAPS, { metadata: { generateName: 'x' } }));
      expect(answer.code).toBeGreaterThanOrEqual(400);
      expect(answer.text).toMatch(/cost|budget/);
    }
    expect((await b.create(MAPS, { metadata: { generateName: 'x' } })).code).toBe(201);
    await a.remove(`${path}/bomb`);
    await a.remove('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/bomb');
    await expect.poll(async () => (await a.create(MAPS, { metadata: { generateName: 'x' } })).code).toBe(201);
  });

  it('texts of YAML that multiply themselves', async () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items = Array(10).fill(level === 0 ? 'lol' : `*l${level - 1}`);
      return `l${level}: &l${level} [${items.join(', ')}]`;
    });
    const body = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lol}\n${levels.join('\n')}\n`;
    const answer = await withoutStall(() =>
      world.a.ask({ method: 'POST', path: MAPS, type: 'application/yaml', body }),
    );
    expect([400, 413, 415, 422]).toContain(answer.code);
    const plain = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: &a x, b: *a}\n';
    const made = await world.a.ask({ method: 'POST', path: MAPS, type: 'application/yaml', body: plain });
    expect(made.text).toContain('yaml');
    expect([201, 400]).toContain(made.code);
  });

  it.each([
    ['nested deep', `{"metadata":{"name":"deep"},"data":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`],
    ['nested deep in lists', `{"metadata":{"name":"deep"},"x":${'['.repeat(500_000)}${']'.repeat(500_000)}}`],
    ['never closed', '['.repeat(1_000_000)],
    [
      'of many fields',
      `{"metadata":{"name":"wide"},"zz":{${Array.from({ length: 150_000 }, (_, i) => `"k${i}":1`).join()}}}`,
    ],
    [
      'with one name many times',
      `{"metadata":{"name":"twice"},"data":{${'"a":"b",'.repeat(200_000)}"a":"b"}}`,
    ],
    ['of long numbers', `{"metadata":{"name":"long"},"x":${'9'.repeat(1_000_000)}}`],
  ])('JSON that is %s', async (_, body) => {
    const answer = await withoutStall(() => world.a.ask({ method: 'POST', path: MAPS, body }));
    expect([201, 400, 413, 422]).toContain(answer.code);
    expect((await world.a.get(MAPS)).code).toBe(200);
  });

  it('bodies larger than may be', async () => {
    const data = { x: 'x'.repeat(4 * 1024 * 1024) };
    const answer = await withoutStall(() => world.a.create(MAPS, { metadata: { name: 'large' }, data }));
    expect(answer.code).toBe(413);
    const some = { x: 'x'.repeat(1000 * 1024) };
    expect((await world.a.create(MAPS, { metadata: { name: 'large' }, data: some })).code).toBe(201);
    await world.a.remove(`${MAPS}/large`);
  });

  it('bodies that are small until they are unpacked', async () => {
    const { sampan, a } = world;
    const body = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')).toString('latin1');
    const question = {
      method: 'POST',
      path: `/clusters/a${MAPS}`,
      ...a.admin,
      headers: { 'content-encoding': 'gzip' },
    };
    const answer = await withoutStall(() => ask(sampan.url, { ...question, body }));
    expect([400, 413, 415]).toContain(answer.code);
  });

  it('patches that double an object again and again', async () => {
    const { a } = world;
    await a.create(MAPS, { metadata: { name: 'doubled' }, data: { k0: 'x'.repeat(10_000) } });
    const copies = Array.from({ length: 9000 }, (_, index) => ({
      op: 'copy',
      from: '/data',
      path: `/data/k${index + 1}`,
    }));
    const patch = { method: 'PATCH', path: `${MAPS}/doubled`, type: 'application/json-patch+json' };
    const answer = await withoutStall(() => a.ask({ ...patch, body: copies }));
    expect([400, 413, 422]).toContain(answer.code);
    const one = [{ op: 'copy', from: '/data/k0', path: '/data/k1' }];
    expect((await a.ask({ ...patch, body: one })).code).toBe(200);
  });

  it('selectors of many terms', async () => {
    const values = Array.from({ length: 4000 }, (_, index) => `v${index}`).join(',');
    const selector = encodeURIComponent(`a in (${values}),b notin (${values})`);
    const answer = await withoutStall(() => world.a.get(`${MAPS}?labelSelector=${selector}`));
    expect([200, 400, 414, 431]).toContain(answer.code);
  });

  it('schemas without end', async () => {
    let schema: object = { type: 'string' };
    for (let depth = 0; depth < 2000; depth++) schema = { type: 'object', properties: { a: schema } };
    const found = await withoutStall(() => kindWith(schema));
    if ('path' in found) expect((await world.a.create(found.path, objectOf(found.kind, {}))).code).toBe(201);
    const properties = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [`p${index}`, { type: 'string' }]),
    );
    await withoutStall(() => kindWith({ type: 'object', properties }));
    expect((await world.a.get('/openapi/v2')).code).toBe(200);
  });

  it('many objects, listed again and again', async () => {
    const { a } = world;
    const data = { x: 'x'.repeat(2000) };
    await withoutStall(async () => {
      for (let round = 0; round < 10; round++)
        await Promise.all(
          Array.from({ length: 25 }, () => a.create(MAPS, { metadata: { generateName: 'many' }, data })),
        );
    });
    await withoutStall(async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => a.get(MAPS)));
      // some may be told to come again
      for (const { code } of answers) expect([200, 429]).toContain(code);
    });
  });

  it('many watches', async () => {
    const { a, b } = world;
    const { metadata } = (await a.get(`${MAPS}?limit=1`)).json();
    const path = `${MAPS}?watch=1&timeoutSeconds=3&resourceVersion=${metadata.resourceVersion}`;
    const watches = Array.from({ length: 150 }, () => a.get(path));
    await withoutStall(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await a.create(MAPS, { metadata: { generateName: 'watched' } });
    });
    for (const { code } of await Promise.all(watches)) expect([200, 429]).toContain(code);
    expect((await b.get(MAPS)).code).toBe(200);
  });

  it('work for controllers without end', async () => {
    const { a, b } = world;
    const template = {
      metadata: { labels: { app: 'many' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const path = '/apis/apps/v1/namespaces/default/deployments';
    await withoutStall(async () => {
      const made = await a.create(path, {
        metadata: { name: 'many' },
        spec: { replicas: 1_000_000, selector: { matchLabels: { app: 'many' } }, template },
      });
      expect(made.code).toBe(201);
      await new Promise((resolve) => setTimeout(resolve, 4000));
      expect((await a.remove(`${path}/many?propagationPolicy=Foreground`)).code).toBe(200);
    });
    // controllers of others work on
    const spec = {
      replicas: 2,
      selector: { matchLabels: { app: 'few' } },
      template: { ...template, metadata: { labels: { app: 'few' } } },
    };
    await b.create(path, { metadata: { name: 'few' }, spec });
    await expect
      .poll(
        async () =>
          (await b.get('/api/v1/namespaces/default/pods?labelSelector=app=few')).json().items.length,
        { timeout: 20_000 },
      )
      .toBe(2);
  });
});
