import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger, systemClock } from '@sampan/base';
import { createUser, homeLayout } from '@sampan/home';
import { PROJECTS, ROBOT_ACCOUNTS } from '@sampan/hub';
import { HttpClient, Informer, REFS, type ResourceRef } from '@sampan/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hubPortOf } from '../support/push-image.ts';
import { type Sampan, startSampan } from '../support/sampan.ts';
import { RegistryUser } from './registry-user.ts';

const run = promisify(execFile);
const WAIT = { timeout: 30_000 };
const API = 'hub.sampan.dev/v1';
const TAGS: ResourceRef = {
  group: 'content.hub.sampan.dev',
  version: 'v1',
  resource: 'tags',
  kind: 'Tag',
  namespaced: false,
};

let folder: string;
let sampan: Sampan;
let client: HttpClient;
const registry = new RegistryUser(() => `http://127.0.0.1:${hubPortOf(sampan)}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sampan-hub-server-'));
  sampan = await startSampan({ hub: 0 });
  client = new HttpClient(sampan, { name: 'test' });
});
afterAll(async () => {
  client.close();
  await sampan.stop();
  rmSync(folder, { recursive: true });
});

const kubectl = async (...args: string[]): Promise<string> => {
  const cache = `--cache-dir=${join(folder, 'cache')}`;
  return (await run('kubectl', ['--kubeconfig', sampan.kubeconfig, cache, ...args])).stdout;
};

/** The server starts it again. */
function killHub(): void {
  const children = readFileSync(`/proc/${sampan.pid}/task/${sampan.pid}/children`, 'utf8').trim().split(' ');
  const hub = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('hub'));
  if (hub === undefined) throw new Error('the registry does not run');
  process.kill(Number(hub), 'SIGKILL');
}

const secretOf = async (name: string): Promise<string> => {
  const { data } = await client.get<{
    apiVersion: string;
    kind: string;
    metadata: object;
    data: Record<string, string>;
  }>(REFS.secrets, 'default', name);
  const text = Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString();
  const { auths } = JSON.parse(text) as { auths: Record<string, { password: string }> };
  return auths[`localhost:${hubPortOf(sampan)}`]?.password ?? '';
};

test('a robot of the server pushes what kubectl shows to those who may see it', async () => {
  await client.create(PROJECTS, { apiVersion: API, kind: 'Project', metadata: { name: 'shop' }, spec: {} });
  const permissions = [{ project: 'shop', role: 'developer' }];
  const spec = { permissions, secretRef: { namespace: 'default', name: 'ci' } };
  await client.create(ROBOT_ACCOUNTS, {
    apiVersion: API,
    kind: 'RobotAccount',
    metadata: { name: 'shop.ci' },
    spec,
  });
  await expect.poll(() => secretOf('ci').catch(() => ''), WAIT).not.toBe('');
  const secret = await secretOf('ci');
  await expect.poll(() => registry.rights('shop/ci', secret, 'shop/web'), WAIT).toContain('push');
  await registry.push('shop/ci', secret, 'shop/team/web', 'v1');
  await registry.push('shop/ci', secret, 'shop/api', 'v2');
  expect(await kubectl('get', 'repositories')).toMatch(
    /^NAME +TAGS +SIZE +PUSHED\nshop:api +1 .*\nshop:team:web +1 /,
  );
  const selector = '--field-selector=spec.repository=shop/team/web';
  expect(await kubectl('get', 'tags', selector, '-o', 'name')).toBe(
    'tag.content.hub.sampan.dev/shop:team:web:v1\n',
  );
  expect(await kubectl('describe', 'tag', 'shop:api:v2')).toContain('shop/api');
  await expect(kubectl('get', 'tag', 'shop:api:v1')).rejects.toThrow('NotFound');
  await expect(kubectl('get', 'tags', '--as=ann')).rejects.toThrow('Forbidden');
  await kubectl('create', 'clusterrole', 'look', '--verb=get,list', '--resource=tags.content.hub.sampan.dev');
  await kubectl('create', 'clusterrolebinding', 'look', '--clusterrole=look', '--user=ann');
  expect(await kubectl('get', 'tags', '--as=ann', '-o', 'name')).toContain('shop:api:v2');
});

test('tags are watched, also over the registry’s end', async () => {
  const { clock, log } = { clock: systemClock, log: silentLogger };
  const tags = new Informer({
    client,
    ref: TAGS,
    options: { fieldSelector: 'spec.project=shop' },
    clock,
    log,
  });
  tags.start();
  await tags.synced();
  const names = () => [...tags.list()].map(({ metadata }) => metadata.name).sort();
  expect(names()).toEqual(['shop:api:v2', 'shop:team:web:v1']);
  const secret = await secretOf('ci');
  const seen: string[] = [];
  tags.onChange(({ type, object }) => seen.push(`${type} ${object.metadata.name}`));
  seen.splice(0);
  await registry.push('shop/ci', secret, 'shop/api', 'v3');
  await expect.poll(names, WAIT).toContain('shop:api:v3');
  expect(seen).toEqual(['added shop:api:v3']);
  killHub();
  await expect
    .poll(() => registry.push('shop/ci', secret, 'shop/api', 'v4').catch(String), WAIT)
    .toBeUndefined();
  await expect.poll(names, WAIT).toContain('shop:api:v4');
  await client.patch(PROJECTS, undefined, 'shop', 'merge', {
    spec: { members: [{ kind: 'User', name: 'ann', role: 'maintainer' }] },
  });
  const { password } = createUser(homeLayout(sampan.home), 'ann', []);
  await expect.poll(() => registry.rights('ann', password, 'shop/api'), WAIT).toContain('delete');
  await registry.remove('ann', password, 'shop/api', 'v4');
  await expect.poll(names, WAIT).not.toContain('shop:api:v4');
  expect(names()).toContain('shop:api:v3');
  tags.stop();
});

test('a registry that was killed knows everybody again', async () => {
  const { password } = createUser(homeLayout(sampan.home), 'jo', []);
  const members = [{ kind: 'User', name: 'jo', role: 'guest' }];
  await client.patch(PROJECTS, undefined, 'shop', 'merge', { spec: { members } });
  await expect.poll(() => registry.rights('jo', password, 'shop/web'), WAIT).toEqual(['pull']);
  const secret = await secretOf('ci');
  killHub();
  await expect
    .poll(() => registry.rights('shop/ci', secret, 'shop/web').catch(() => undefined), WAIT)
    .toEqual(['pull', 'push']);
  expect(await registry.rights('jo', password, 'shop/web')).toEqual(['pull']);
  await expect.poll(() => kubectl('get', 'tags', '-o', 'name').catch(String), WAIT).toContain('shop:api:v2');
});

test('a robot that is deleted takes its Secret along and is nobody any more', async () => {
  const secret = await secretOf('ci');
  await client.delete(ROBOT_ACCOUNTS, undefined, 'shop.ci');
  const code = () => client.get(REFS.secrets, 'default', 'ci').catch((error: { code: number }) => error.code);
  await expect.poll(code, WAIT).toBe(404);
  await expect.poll(() => registry.rights('shop/ci', secret, 'shop/web'), WAIT).toBeUndefined();
});
