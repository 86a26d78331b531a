import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_MAPS, configMap, type Server, startServer } from './harness.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

describe('writes', () => {
  it('let one of many concurrent creators of a name win', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => server.ask('POST', CONFIG_MAPS, configMap('raced'))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
  });

  it('apply all of many concurrent patches of one object', async () => {
    await server.ask('POST', CONFIG_MAPS, configMap('patched'));
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    const answers = await Promise.all(
      keys.map((key) => server.ask('PATCH', `${CONFIG_MAPS}/patched`, { data: { [key]: 'v' } })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const { body } = await server.ask('GET', `${CONFIG_MAPS}/patched`);
    expect(Object.keys(body.data).sort()).toEqual([...keys].sort());
  });

  it('refuse an update of an older version and say who won', async () => {
    const { body } = await server.ask('POST', CONFIG_MAPS, configMap('versioned'));
    await server.ask('PATCH', `${CONFIG_MAPS}/versioned`, { data: { a: '1' } });
    const late = await server.ask('PUT', `${CONFIG_MAPS}/versioned`, { ...body, data: { a: '2' } });
    expect(late.status).toBe(409);
    expect(late.body.reason).toBe('Conflict');
    expect(late.body.message).toContain('the object has been modified');
  });

  it('keep the version of an object that an update does not change', async () => {
    const { body } = await server.ask('POST', CONFIG_MAPS, configMap('same', { a: '1' }));
    const again = await server.ask('PUT', `${CONFIG_MAPS}/same`, body);
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  it('store nothing of a dry run', async () => {
    const before = server.store.revision;
    const made = await server.ask('POST', `${CONFIG_MAPS}?dryRun=All`, configMap('dry'));
    expect(made.status).toBe(201);
    expect(made.body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(server.store.revision).toBe(before);
    expect((await server.ask('GET', `${CONFIG_MAPS}/dry`)).status).toBe(404);
  });

  it('generate names that differ', async () => {
    const object = { ...configMap(''), metadata: { generateName: 'gen-' } };
    const made = await Promise.all(Array.from({ length: 30 }, () => server.ask('POST', CONFIG_MAPS, object)));
    const names = made.map(({ body }) => body.metadata.name as string);
    expect(new Set(names).size).toBe(30);
    for (const name of names) expect(name).toMatch(/^gen-[b-df-hj-np-tv-z2-9]{5}$/);
  });

  it('refuse an object that is larger than the store takes', async () => {
    const big = configMap('big', { a: 'x'.repeat(1_000_000) });
    const answer = await server.ask('POST', CONFIG_MAPS, big);
    expect(answer.status).toBe(201);
    // as fields of their own, data may be 1 MiB; annotations 256 KiB; together they pass the limit of an object
    const binary = Buffer.alloc(1024 * 1024).toString('base64');
    const huge = { ...configMap('huge'), data: undefined, binaryData: { a: binary } };
    const refused = await server.ask('POST', CONFIG_MAPS, {
      ...huge,
      metadata: { name: 'huge', annotations: { a: 'y'.repeat(200_000) } },
    });
    expect(refused.status).toBe(413);
    expect(refused.body.reason).toBe('RequestEntityTooLarge');
  });
});

describe('deletes', () => {
  it('wait for finalizers, and the last one that goes removes the object', async () => {
    await server.ask(
      'POST',
      CONFIG_MAPS,
      configMap('held', {}, { finalizers: ['example.com/a', 'example.com/b'] }),
    );
    const marked = await server.ask('DELETE', `${CONFIG_MAPS}/held`);
    expect(marked.status).toBe(200);
    expect(marked.body.metadata.deletionTimestamp).toBeDefined();
    await server.ask('PATCH', `${CONFIG_MAPS}/held`, { metadata: { finalizers: ['example.com/b'] } });
    expect((await server.ask('GET', `${CONFIG_MAPS}/held`)).status).toBe(200);
    const last = await server.ask('PATCH', `${CONFIG_MAPS}/held`, { metadata: { finalizers: null } });
    expect(last.status).toBe(200);
    expect((await server.ask('GET', `${CONFIG_MAPS}/held`)).status).toBe(404);
  });

  it('refuse new finalizers once an object is being deleted', async () => {
    await server.ask('POST', CONFIG_MAPS, configMap('late', {}, { finalizers: ['example.com/a'] }));
    await server.ask('DELETE', `${CONFIG_MAPS}/late`);
    const answer = await server.ask('PATCH', `${CONFIG_MAPS}/late`, {
      metadata: { finalizers: ['example.com/a', 'example.com/b'] },
    });
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain('no new finalizers can be added if the object is being deleted');
  });

  it('hold to preconditions', async () => {
    const { body } = await server.ask('POST', CONFIG_MAPS, configMap('conditional'));
    const wrong = await server.ask('DELETE', `${CONFIG_MAPS}/conditional`, {
      preconditions: { uid: 'another' },
    });
    expect(wrong.status).toBe(409);
    const right = await server.ask('DELETE', `${CONFIG_MAPS}/conditional`, {
      preconditions: { uid: body.metadata.uid },
    });
    expect(right.body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { uid: body.metadata.uid },
    });
  });

  it('turn the propagation policy into a finalizer', async () => {
    for (const [policy, finalizer] of [
      ['Orphan', 'orphan'],
      ['Foreground', 'foregroundDeletion'],
    ]) {
      await server.ask(
        'POST',
        CONFIG_MAPS,
        configMap(`owner-${finalizer?.toLowerCase()}`, {}, { finalizers: ['example.com/stay'] }),
      );
      const path = `${CONFIG_MAPS}/owner-${finalizer?.toLowerCase()}`;
      const { body } = await server.ask('DELETE', `${path}?propagationPolicy=${policy}`);
      expect(body.metadata.finalizers).toEqual(['example.com/stay', finalizer]);
    }
  });

  it('remove what a collection delete selects and nothing else', async () => {
    for (const [name, app] of [
      ['c1', 'web'],
      ['c2', 'web'],
      ['c3', 'db'],
    ]) {
      await server.ask('POST', CONFIG_MAPS, configMap(`coll-${name}`, {}, { labels: { app } }));
    }
    const deleted = await server.ask('DELETE', `${CONFIG_MAPS}?labelSelector=app%3Dweb`);
    expect(deleted.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'coll-c1',
      'coll-c2',
    ]);
    const left = await server.ask('GET', `${CONFIG_MAPS}?labelSelector=app`);
    expect(left.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'coll-c3',
    ]);
  });
});

describe('permissions', () => {
  it('to change an object do not let an apply or a PUT create one', async () => {
    const rules = [
      {
        apiGroups: ['', 'coordination.k8s.io'],
        resources: ['configmaps', 'leases'],
        verbs: ['get', 'patch', 'update'],
      },
    ];
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    const api = { apiVersion: 'rbac.authorization.k8s.io/v1' };
    await server.ask('POST', `${rbac}/roles`, { ...api, kind: 'Role', metadata: { name: 'changer' }, rules });
    await server.ask('POST', `${rbac}/rolebindings`, {
      ...api,
      kind: 'RoleBinding',
      metadata: { name: 'changer' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'changer' },
    });
    const jane = { 'impersonate-user': 'jane' };
    const apply = (name: string) =>
      server.ask('PATCH', `${CONFIG_MAPS}/${name}?fieldManager=t`, configMap(name), {
        ...jane,
        'content-type': 'application/apply-patch+yaml',
      });
    await server.ask('POST', CONFIG_MAPS, configMap('there'));
    expect((await apply('there')).status).toBe(200);
    expect((await apply('absent')).status).toBe(403);
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'absent' },
      spec: {},
    };
    const put = await server.ask(
      'PUT',
      '/apis/coordination.k8s.io/v1/namespaces/default/leases/absent',
      lease,
      jane,
    );
    expect(put.status).toBe(403);
    expect(put.body.message).toContain('cannot create resource "leases"');
  });
});
