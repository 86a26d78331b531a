import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type KubeObject, StatusError } from '@sampan/api';
import { CLUSTERS } from '@sampan/clusters';
import { clusterLogin, clusterPullPassword, createUser } from '@sampan/home';
import {
  DELETE_CONTENT,
  hashRobotSecret,
  PROJECTS,
  type ProjectObject,
  type ProjectSpec,
  ROBOT_ACCOUNTS,
  type RobotAccountObject,
  type RobotAccountSpec,
  WEBHOOKS,
  type WebhookObject,
} from '@sampan/hub';
import { REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, HubOnCluster } from './hub-on-cluster.ts';

const WAIT = { timeout: 30_000 };

/** A server that keeps what it is told. */
async function listenForHooks() {
  const told: string[] = [];
  const server = createServer(async (request, response) => {
    told.push(await text(request));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}/`, told, close };
}

/** What the Hub's kinds promise, whoever serves them. */
export function kindsSuite(name: string, startApi: () => Promise<Api>): void {
  describe(name, () => {
    let t: HubOnCluster;
    let boss: string;

    beforeAll(async () => {
      t = await HubOnCluster.start(await startApi());
      boss = createUser(t.home, 'boss', ['system:masters']).password;
    });
    afterAll(() => t?.stop());

    const project = (name: string) => t.client.get<ProjectObject>(PROJECTS, undefined, name);
    const robot = (name: string) => t.client.get<RobotAccountObject>(ROBOT_ACCOUNTS, undefined, name);
    const makeProject = (name: string, spec: ProjectSpec = {}) =>
      t.make<ProjectObject>(
        { apiVersion: 'hub.sampan.dev/v1', kind: 'Project', metadata: { name }, spec },
        PROJECTS,
      );
    const makeRobot = (name: string, spec: RobotAccountSpec) =>
      t.make<RobotAccountObject>(
        { apiVersion: 'hub.sampan.dev/v1', kind: 'RobotAccount', metadata: { name }, spec },
        ROBOT_ACCOUNTS,
      );
    const ready = (name: string) =>
      expect.poll(async () => (await robot(name)).status?.conditions?.[0]?.reason, WAIT);
    const isGone = (read: () => Promise<unknown>) =>
      expect.poll(() => read().catch(({ code }: { code: number }) => code), WAIT).toBe(404);
    const rights = (login: string, password: string, repository: string) =>
      expect.poll(() => t.registry.rights(login, password, repository), WAIT);
    const secretIn = async (name: string): Promise<string> => {
      const secret = await t.client.get<KubeObject & { data: Record<string, string> }>(
        REFS.secrets,
        'default',
        name,
      );
      const text = Buffer.from(secret.data['.dockerconfigjson'] ?? '', 'base64').toString();
      const { auths } = JSON.parse(text) as { auths: Record<string, { password: string }> };
      return auths['hub.sampan.local']?.password ?? '';
    };

    it('has a public project for all, and a private one for the machine and each cluster', async () => {
      await expect.poll(async () => (await project('library')).spec?.public, WAIT).toBe(true);
      await expect.poll(async () => (await project('host')).spec?.public ?? false, WAIT).toBe(false);
      await makeProject('mine', { description: 'made by a person' });
      for (const name of ['mine', 'dev', 'busy'])
        await t.make(
          { apiVersion: 'clusters.sampan.dev/v1', kind: 'Cluster', metadata: { name }, spec: {} },
          CLUSTERS,
        );
      await expect.poll(async () => (await project('busy')).status?.usedBytes, WAIT).toBe(0);
      await rights('boss', boss, 'busy/a').toContain('push');
      await t.registry.push('boss', boss, 'busy/a', 'v1');
      await expect.poll(async () => (await project('busy')).status?.tags, WAIT).toBe(1);
      for (const name of ['mine', 'dev', 'busy']) await t.client.delete(CLUSTERS, undefined, name);
      await isGone(() => project('dev'));
      expect((await project('mine')).spec?.description).toBe('made by a person');
      expect((await project('busy')).metadata.deletionTimestamp).toBeUndefined();
    });

    it('gives people, groups and ServiceAccounts what they are members for, and nobody else', async () => {
      const dev = createUser(t.home, 'dev', []).password;
      const crew = createUser(t.home, 'ann', ['crew']).password;
      const other = createUser(t.home, 'other', []).password;
      await makeProject('shop', {
        members: [
          { kind: 'User', name: 'dev', role: 'developer' },
          { kind: 'User', name: 'ann', role: 'guest' },
          { kind: 'Group', name: 'crew', role: 'maintainer' },
          { kind: 'ServiceAccount', name: 'default/builder', role: 'developer' },
        ],
      });
      await rights('dev', dev, 'shop/web').toEqual(['pull', 'push']);
      await rights('ann', crew, 'shop/web').toEqual(['pull', 'push', 'delete']);
      await rights('other', other, 'shop/web').toEqual([]);
      await rights('other', other, 'library/web').toEqual(['pull']);
      expect(await t.registry.rights('dev', other, 'shop/web')).toBeUndefined();
      expect(await t.registry.rights('nobody', dev, 'shop/web')).toBeUndefined();
      await t.client.patch(PROJECTS, undefined, 'shop', 'merge', { spec: { public: true } });
      await rights('other', other, 'shop/web').toEqual(['pull']);
    });

    it('takes the token of a ServiceAccount for a password', async () => {
      for (const name of ['builder', 'stranger'])
        await t.make(
          { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } },
          REFS.serviceAccounts,
        );
      const tokenOf = async (name: string): Promise<string> => {
        const request = {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          metadata: { namespace: 'default' },
          spec: { expirationSeconds: 600 },
        };
        const options = { subresource: 'token', name };
        const made = await t.client.create<KubeObject>(REFS.serviceAccounts, request, options);
        return (made.status as { token: string }).token;
      };
      const token = await tokenOf('builder');
      expect(await t.registry.rights('anything', token, 'shop/web')).toEqual(['pull', 'push']);
      expect(await t.registry.rights('anything', await tokenOf('stranger'), 'shop/web')).toEqual(['pull']);
      expect(await t.registry.rights('anything', `${token.slice(0, -4)}AAAA`, 'shop/web')).toBeUndefined();
    });

    it('makes Secrets of robots, which log in until they end or are switched off', async () => {
      const permissions = [{ project: 'shop', role: 'developer' }] as const;
      await makeRobot('shop.ci', { permissions, secretRef: { namespace: 'default', name: 'ci' } });
      await ready('shop.ci').toBe('Active');
      let secret = await secretIn('ci');
      expect(secret.length).toBeGreaterThanOrEqual(40);
      expect(await t.registry.rights('shop/ci', secret, 'shop/web')).toEqual(['pull', 'push']);
      expect(await t.registry.rights('shop/ci', secret, 'mine/web')).toEqual([]);
      expect(await t.registry.rights('shop/ci', `${secret}x`, 'shop/web')).toBeUndefined();
      await expect.poll(async () => (await robot('shop.ci')).status?.lastUsed, WAIT).toBeDefined();
      await t.client.delete(REFS.secrets, 'default', 'ci');
      await expect.poll(() => secretIn('ci').catch(() => secret), WAIT).not.toBe(secret);
      await rights('shop/ci', secret, 'shop/web').toBeUndefined();
      secret = await secretIn('ci');
      await rights('shop/ci', secret, 'shop/web').toEqual(['pull', 'push']);
      const change = (spec: object) =>
        t.client.patch(ROBOT_ACCOUNTS, undefined, 'shop.ci', 'merge', { spec });
      await change({ disabled: true });
      await ready('shop.ci').toBe('Disabled');
      expect(await t.registry.rights('shop/ci', secret, 'shop/web')).toBeUndefined();
      await change({ disabled: false });
      await rights('shop/ci', secret, 'shop/web').toEqual(['pull', 'push']);
      await change({ expiresAt: new Date(Date.now() + 1000).toISOString() });
      await ready('shop.ci').toBe('Expired');
      expect(await t.registry.rights('shop/ci', secret, 'shop/web')).toBeUndefined();
    });

    it('makes a robot’s Secret where it is wanted now, and takes away the former one', async () => {
      const place = (name: string) => ({ secretRef: { namespace: 'default', name } });
      await makeRobot('mover', { permissions: [{ project: '*', role: 'guest' }], ...place('first') });
      await ready('mover').toBe('Active');
      await t.client.patch(ROBOT_ACCOUNTS, undefined, 'mover', 'merge', { spec: place('second') });
      await isGone(() => t.client.get(REFS.secrets, 'default', 'first'));
      await expect.poll(() => secretIn('second').catch(() => ''), WAIT).not.toBe('');
      await rights('robot/mover', await secretIn('second'), 'mine/a').toEqual(['pull']);
      const taken = { metadata: { name: 'taken', namespace: 'default' }, data: { mine: 'eA==' } };
      await t.make({ apiVersion: 'v1', kind: 'Secret', ...taken }, REFS.secrets);
      await t.client.patch(ROBOT_ACCOUNTS, undefined, 'mover', 'merge', { spec: place('taken') });
      await ready('mover').toBe('SecretTaken');
      expect((await t.client.get<KubeObject>(REFS.secrets, 'default', 'taken')).data).toEqual(taken.data);
    });

    it('lets robots in by a secret of which it knows the hash only, in their own project only', async () => {
      const secretHash = hashRobotSecret('correct horse');
      await makeRobot('robber', { permissions: [{ project: 'shop', role: 'admin' }], secretHash });
      await rights('robot/robber', 'correct horse', 'shop/a').toEqual(['pull', 'push', 'delete']);
      expect(await t.registry.rights('robot/robber', 'battery staple', 'shop/a')).toBeUndefined();
      expect(await t.registry.rights('robot/robber', secretHash, 'shop/a')).toBeUndefined();
      await t.client.delete(ROBOT_ACCOUNTS, undefined, 'robber');
      await rights('robot/robber', 'correct horse', 'shop/a').toBeUndefined();
    });

    it('lets each cluster pull from its own project, and a later one of its name not by its password', async () => {
      const make = () =>
        t.make<KubeObject>(
          { apiVersion: 'clusters.sampan.dev/v1', kind: 'Cluster', metadata: { name: 'puller' }, spec: {} },
          CLUSTERS,
        );
      const { uid = '' } = (await make()).metadata;
      const password = clusterPullPassword(t.home, 'puller', uid);
      const login = clusterLogin('puller');
      await rights(login, password, 'puller/app').toEqual(['pull']);
      expect(await t.registry.rights(login, password, 'mine/app')).toEqual([]);
      expect(await t.registry.rights(clusterLogin('host'), password, 'host/app')).toBeUndefined();
      const host = clusterPullPassword(t.home, 'host', '');
      expect(await t.registry.rights(clusterLogin('host'), host, 'host/app')).toEqual(['pull']);
      await t.client.delete(CLUSTERS, undefined, 'puller');
      await rights(login, password, 'puller/app').toBeUndefined();
      await make();
      await expect.poll(async () => (await project('puller')).status?.usedBytes, WAIT).toBe(0);
      expect(await t.registry.rights(login, password, 'puller/app')).toBeUndefined();
    });

    it('tells what a project holds, and that its quota is used up', async () => {
      await makeProject('full', { quota: { bytes: 100_000 } });
      await rights('boss', boss, 'full/a').toContain('push');
      await t.registry.push('boss', boss, 'full/a', 'v1', 90_000);
      await expect
        .poll(async () => (await project('full')).status, WAIT)
        .toMatchObject({ repositories: 1, tags: 1 });
      const { usedBytes = 0, conditions } = (await project('full')).status ?? {};
      expect(usedBytes).toBeGreaterThan(90_000);
      expect(conditions).toMatchObject([
        { type: 'Ready', status: 'True' },
        { type: 'QuotaExceeded', status: 'False' },
      ]);
      await expect(t.registry.push('boss', boss, 'full/a', 'v2', 50_000)).rejects.toThrow(/403.*DENIED/s);
      await t.client.patch(PROJECTS, undefined, 'full', 'merge', { spec: { quota: { bytes: 90_000 } } });
      await expect
        .poll(async () => (await project('full')).status?.conditions?.[1]?.status, WAIT)
        .toBe('True');
    });

    it('keeps immutable tags as they are, and what retention keeps, and tells what it did', async () => {
      await makeProject('ruled', {
        immutability: [{ tags: 'v*' }],
        retention: { dryRun: true, rules: [{ tags: 'main-*', keepLast: 1 }] },
      });
      await rights('boss', boss, 'ruled/a').toContain('push');
      for (const tag of ['v1', 'main-1', 'main-2']) await t.registry.push('boss', boss, 'ruled/a', tag);
      await expect(t.registry.push('boss', boss, 'ruled/a', 'v1')).rejects.toThrow(/403.*immutable/s);
      const ask = (retention: object) => {
        const requestedAt = new Date().toISOString();
        const spec = { retention: { requestedAt, ...retention } };
        return t.client.patch(PROJECTS, undefined, 'ruled', 'merge', { spec });
      };
      const told = () => expect.poll(async () => (await project('ruled')).status, WAIT);
      await ask({});
      const deleted = ['ruled/a:main-1'];
      await told().toMatchObject({ tags: 3, retention: { dryRun: true, count: 1, deleted } });
      await ask({ dryRun: false });
      await told().toMatchObject({ tags: 2, retention: { dryRun: false, count: 1, deleted } });
      expect(await t.hub.hub.check({ read: true })).toEqual([]);
    });

    it('keeps a project that is deleted until its content may go, too', async () => {
      await makeProject('old');
      await rights('boss', boss, 'old/a').toContain('push');
      await t.registry.push('boss', boss, 'old/a', 'v1');
      await expect.poll(async () => (await project('old')).status?.tags, WAIT).toBe(1);
      await t.client.delete(PROJECTS, undefined, 'old');
      await expect
        .poll(async () => (await project('old')).status?.conditions?.[0]?.reason, WAIT)
        .toBe('HasContent');
      await rights('boss', boss, 'old/a').toEqual(['pull', 'delete']);
      const annotations = { [DELETE_CONTENT]: 'true' };
      await t.client.patch(PROJECTS, undefined, 'old', 'merge', { metadata: { annotations } });
      await isGone(() => project('old'));
      expect(await t.hub.hub.check({ read: true })).toEqual([]);
      await makeProject('old');
      await expect.poll(async () => (await project('old')).status?.tags, WAIT).toBe(0);
    });

    it('tells webhooks of what is pushed', async () => {
      const { url, told, close } = await listenForHooks();
      await makeProject('told');
      await t.make(
        {
          apiVersion: 'hub.sampan.dev/v1',
          kind: 'Webhook',
          metadata: { name: 'told.me' },
          spec: { project: 'told', url, events: ['push'] },
        },
        WEBHOOKS,
      );
      const webhook = () => t.client.get<WebhookObject>(WEBHOOKS, undefined, 'told.me');
      await expect.poll(async () => (await webhook()).status?.conditions?.[0]?.status, WAIT).toBe('True');
      await rights('boss', boss, 'told/a').toContain('push');
      await t.registry.push('boss', boss, 'told/a', 'v1');
      await expect.poll(() => told, WAIT).toEqual([expect.stringContaining('"subject":"told/a:v1"')]);
      await expect.poll(async () => (await webhook()).status?.lastDelivery, WAIT).toMatchObject({ ok: true });
      await close();
    });

    it.each<[string, string, object, object]>([
      ['a name with a dot', 'Project', { name: 'a.b' }, {}],
      ['the name of all robots', 'Project', { name: 'robot' }, {}],
      [
        'a role that is none',
        'Project',
        { name: 'x' },
        { members: [{ kind: 'User', name: 'a', role: 'king' }] },
      ],
      ['a quota below nothing', 'Project', { name: 'x' }, { quota: { bytes: -1 } }],
      ['two dots', 'RobotAccount', { name: 'a.b.c' }, {}],
      ['a secret in the place of its hash', 'RobotAccount', { name: 'a.b' }, { secretHash: 'secret' }],
      [
        'a name without a project',
        'Webhook',
        { name: 'a' },
        { project: 'a', url: 'http://a', events: ['push'] },
      ],
      [
        'an event that is none',
        'Webhook',
        { name: 'a.b' },
        { project: 'a', url: 'http://a', events: ['sneeze'] },
      ],
    ])('refuses %s', async (_, kind, metadata, spec) => {
      const ref = { ...PROJECTS, kind, resource: `${kind.toLowerCase()}s` };
      const object = { apiVersion: 'hub.sampan.dev/v1', kind, metadata, spec };
      const refused = await t.client.create(ref, object).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StatusError);
      expect((refused as StatusError).code).toBe(422);
    });
  });
}
