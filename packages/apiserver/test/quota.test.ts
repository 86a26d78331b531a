import { systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Server, startServer } from './harness.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer(systemClock);
});
afterAll(() => server.close());

const path = (namespace: string, resource: string, name = '') =>
  `/api/v1/namespaces/${namespace}/${resource}${name === '' ? '' : `/${name}`}`;

async function namespaceWith(name: string, spec: object): Promise<void> {
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name } });
  await server.ask('POST', path(name, 'serviceaccounts'), {
    metadata: { name: 'default' },
    automountServiceAccountToken: false,
  });
  const made = await server.ask('POST', path(name, 'resourcequotas'), { metadata: { name: 'q' }, spec });
  expect(made.status).toBe(201);
}

const configMap = (namespace: string, name: string, query = '') =>
  server.ask('POST', path(namespace, 'configmaps') + query, { metadata: { name } });

const pod = (namespace: string, name: string, resources: object = {}, spec: object = {}) =>
  server.ask('POST', path(namespace, 'pods'), {
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'a:1', resources }], ...spec },
  });

/** The use in the quota's status once it says so. */
async function used(namespace: string, wanted: Record<string, string>): Promise<void> {
  await expect
    .poll(async () => (await server.ask('GET', path(namespace, 'resourcequotas', 'q'))).body.status?.used)
    .toEqual(wanted);
}

const count = (answers: readonly Answer[], status: number) =>
  answers.filter((answer) => answer.status === status).length;

describe('a quota', () => {
  it('of 100 lets 50 concurrent creators make exactly 100', async () => {
    await namespaceWith('race', { hard: { 'count/configmaps': '100' } });
    const creators = Array.from({ length: 50 }, async (_, creator) => {
      const answers: Answer[] = [];
      for (let i = 0; i < 4; i++) answers.push(await configMap('race', `c${creator}-${i}`));
      return answers;
    });
    const answers = (await Promise.all(creators)).flat();
    expect(count(answers, 201)).toBe(100);
    expect(count(answers, 403)).toBe(100);
    const listed = await server.ask('GET', path('race', 'configmaps'));
    expect(listed.body.items).toHaveLength(100);
    await used('race', { 'count/configmaps': '100' });
  });

  it('is not spent by writes that fail or are dry runs', async () => {
    await namespaceWith('failing', { hard: { configmaps: '2' } });
    expect((await configMap('failing', 'a')).status).toBe(201);
    for (let i = 0; i < 5; i++) expect((await configMap('failing', 'a')).status).toBe(409);
    for (let i = 0; i < 5; i++) expect((await configMap('failing', `d${i}`, '?dryRun=All')).status).toBe(201);
    expect((await configMap('failing', 'b')).status).toBe(201);
    expect((await configMap('failing', 'c', '?dryRun=All')).body.message).toBe(
      'configmaps "c" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2',
    );
  });

  it('is given back by deletions, and counts what was there before it', async () => {
    await namespaceWith('back', { hard: { secrets: '5' } });
    await configMap('back', 'early');
    await server.ask('PATCH', path('back', 'resourcequotas', 'q'), { spec: { hard: { configmaps: '1' } } });
    await used('back', { configmaps: '1', secrets: '0' });
    expect((await configMap('back', 'late')).status).toBe(403);
    await server.ask('DELETE', path('back', 'configmaps', 'early'));
    expect((await configMap('back', 'late')).status).toBe(201);
    await used('back', { configmaps: '1', secrets: '0' });
  });

  it('adds up requests and limits of pods until they have ended', async () => {
    await namespaceWith('compute', { hard: { 'requests.cpu': '1', 'limits.memory': '1Gi', pods: '10' } });
    const small = { requests: { cpu: '600m', memory: '1Mi' }, limits: { memory: '512Mi' } };
    expect((await pod('compute', 'a', small)).status).toBe(201);
    const second = await pod('compute', 'b', small);
    expect(second.body.message).toBe(
      'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1',
    );
    await used('compute', { 'limits.memory': '512Mi', pods: '1', 'requests.cpu': '600m' });
    await server.ask('PATCH', path('compute', 'pods', 'a/status'), { status: { phase: 'Succeeded' } });
    expect((await pod('compute', 'b', small)).status).toBe(201);
  });

  it('makes containers say what is limited', async () => {
    await namespaceWith('explicit', { hard: { 'limits.cpu': '1', memory: '1Gi' } });
    expect((await pod('explicit', 'a')).body.message).toBe(
      'pods "a" is forbidden: failed quota: q: must specify limits.cpu for: c; memory for: c',
    );
  });

  it('counts only what is in its scopes', async () => {
    await namespaceWith('scoped', { hard: { pods: '1' }, scopes: ['BestEffort'] });
    expect((await pod('scoped', 'free', { requests: { cpu: '1' } })).status).toBe(201);
    expect((await pod('scoped', 'a')).status).toBe(201);
    expect((await pod('scoped', 'b')).status).toBe(403);
    expect((await pod('scoped', 'free2', { requests: { cpu: '1' } })).status).toBe(201);
  });

  it('selects by priority class', async () => {
    await server.ask('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', {
      metadata: { name: 'high' },
      value: 9,
    });
    const expression = { scopeName: 'PriorityClass', operator: 'In', values: ['high'] };
    await namespaceWith('classes', {
      hard: { pods: '0' },
      scopeSelector: { matchExpressions: [expression] },
    });
    expect((await pod('classes', 'a')).status).toBe(201);
    expect((await pod('classes', 'b', {}, { priorityClassName: 'high' })).status).toBe(403);
  });

  it('counts node ports also when a Service becomes one that has them', async () => {
    await namespaceWith('ports', { hard: { services: '2', 'services.nodeports': '1' } });
    const service = (name: string, ports: number[]) =>
      server.ask('POST', path('ports', 'services'), {
        metadata: { name },
        spec: { ports: ports.map((port) => ({ name: `p${port}`, port })) },
      });
    const become = (name: string) =>
      server.ask('PATCH', path('ports', 'services', name), { spec: { type: 'NodePort' } });
    expect((await service('a', [80])).status).toBe(201);
    expect((await service('b', [80, 81])).status).toBe(201);
    expect((await service('c', [80])).status).toBe(403);
    expect((await become('b')).body.message).toContain('requested: services.nodeports=2');
    expect((await become('a')).status).toBe(200);
    await used('ports', { services: '2', 'services.nodeports': '1' });
  });

  it('counts storage by class', async () => {
    const name = 'fast.storageclass.storage.k8s.io/requests.storage';
    await namespaceWith('storage', { hard: { [name]: '10Gi', persistentvolumeclaims: '3' } });
    const claim = (name: string, storageClassName: string, storage: string) =>
      server.ask('POST', path('storage', 'persistentvolumeclaims'), {
        metadata: { name },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } },
      });
    expect((await claim('a', 'fast', '8Gi')).status).toBe(201);
    expect((await claim('b', 'fast', '4Gi')).status).toBe(403);
    expect((await claim('c', 'slow', '400Gi')).status).toBe(201);
    await used('storage', { [name]: '8Gi', persistentvolumeclaims: '2' });
  });

  it('counts custom objects, also of definitions that come after it', async () => {
    await namespaceWith('custom', { hard: { 'count/boats.example.com': '1' } });
    await server.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: 'boats.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'boats', kind: 'Boat' },
        versions: [
          { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        ],
      },
    });
    const boats = '/apis/example.com/v1/namespaces/custom/boats';
    const boat = (name: string) =>
      server.ask('POST', boats, { apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name } });
    await expect.poll(async () => (await server.ask('GET', boats)).status).toBe(200);
    expect((await boat('a')).status).toBe(201);
    expect((await boat('b')).body.message).toContain('requested: count/boats.example.com=1');
    await server.ask('DELETE', `${boats}/a`);
    await used('custom', { 'count/boats.example.com': '0' });
    expect((await boat('b')).status).toBe(201);
  });

  it('with very many names costs requests nothing', async () => {
    const hard = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`count/x${i}.example.com`, '1']));
    await namespaceWith('many', { hard: { ...hard, configmaps: '1000' } });
    const start = performance.now();
    for (let i = 0; i < 50; i++) expect((await configMap('many', `c${i}`, '?dryRun=All')).status).toBe(201);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
