import { request } from 'node:http';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashPassword } from '../src/index.ts';
import { basic, PASSWORD, TestHub } from './support.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await TestHub.start();
});
afterAll(() => hub[Symbol.asyncDispose]());

const access = (token: string) => decodeJwt(token).access;

/** `fetch` tidies paths, which an attacker does not. */
const rawStatus = (path: string, token: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    request(hub.url, { path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
const pull = (token: string, repository: string) =>
  fetch(`${hub.url}/v2/${repository}/tags/list`, { headers: { authorization: `Bearer ${token}` } });

test('without a token the answer is the challenge that names service and scope', async () => {
  const base = await fetch(`${hub.url}/v2/`);
  expect(base.status).toBe(401);
  expect(base.headers.get('www-authenticate')).toBe(`Bearer realm="${hub.url}/hub/token",service="hub"`);
  expect(base.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
  const push = await fetch(`${hub.url}/v2/open/app/blobs/uploads/`, { method: 'POST' });
  expect(push.headers.get('www-authenticate')).toContain('scope="repository:open/app:pull,push"');
});

test('a token grants what is asked and allowed, no more', async () => {
  const asked = ['repository:open/app:pull,push', 'repository:closed/app:pull', 'registry:catalog:*'];
  expect(access(await hub.token('', asked))).toEqual([
    { type: 'repository', name: 'open/app', actions: ['pull'] },
  ]);
  expect(access(await hub.token('guest', asked))).toEqual([
    { type: 'repository', name: 'open/app', actions: ['pull'] },
    { type: 'repository', name: 'closed/app', actions: ['pull'] },
  ]);
  expect(access(await hub.token('root', asked))).toHaveLength(3);
  expect(
    access(await hub.token('dev', ['repository:nowhere/app:pull', 'repository:../x:pull', 'x'])),
  ).toEqual([]);
});

test('a token for one repository opens no other, and none for the catalogue', async () => {
  const token = await hub.token('dev', ['repository:open/app:pull']);
  const other = await pull(token, 'closed/app');
  expect(other.status).toBe(401);
  expect(other.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  expect((await pull(token, 'open/app')).status).toBe(404);
  const catalog = await fetch(`${hub.url}/v2/_catalog`, { headers: { authorization: `Bearer ${token}` } });
  expect(catalog.status).toBe(401);
  expect(await rawStatus('/v2/open/app/../../closed/app/tags/list', token)).toBe(400);
  expect(await rawStatus('/v2/open/app%2F..%2Fclosed/tags/list', token)).toBe(400);
});

test('forged tokens are refused: another key, no signature, a refresh token, a changed claim', async () => {
  await using stranger = await TestHub.start();
  const scope = 'repository:closed/app:pull';
  const good = await hub.token('dev', [scope]);
  const [header = '', payload = '', signature = ''] = good.split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const claims = JSON.stringify({ ...decodeJwt(good), sub: 'root' });
  const refresh = await fetch(`${hub.url}/hub/token?service=hub&offline_token=true`, {
    headers: { authorization: basic('dev', PASSWORD) },
  });
  const forged = [
    await stranger.token('dev', [scope]),
    `${none}.${payload}.`,
    `${header}.${Buffer.from(claims).toString('base64url')}.${signature}`,
    ((await refresh.json()) as { refresh_token: string }).refresh_token,
    'x',
  ];
  expect((await pull(good, 'closed/app')).status).toBe(404);
  for (const token of forged) expect((await pull(token, 'closed/app')).status).toBe(401);
});

test('OAuth 2 gives a refresh token, which works until the password changes', async () => {
  const post = async (form: Record<string, string>) => {
    const body = new URLSearchParams({ service: 'hub', scope: 'repository:closed/app:pull', ...form });
    const answer = await fetch(`${hub.url}/hub/token`, { method: 'POST', body });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const login = { grant_type: 'password', username: 'guest', password: PASSWORD, access_type: 'offline' };
  const first = await post(login);
  expect(first.body).toMatchObject({ expires_in: 900, token: first.body.access_token });
  const again = { grant_type: 'refresh_token', refresh_token: first.body.refresh_token ?? '' };
  const second = await post(again);
  expect(access(second.body.access_token ?? '')).toEqual([
    { type: 'repository', name: 'closed/app', actions: ['pull'] },
  ]);
  expect((await post({ ...login, password: 'wrong' })).status).toBe(401);
  expect((await post({ grant_type: 'other' })).body.error).toBe('unsupported_grant_type');
  hub.directory.setAccount({ name: 'guest', hash: 'changed', administrator: false });
  expect((await post(again)).status).toBe(401);
});

test('what is taken away is gone at once, though the token lasts', async () => {
  const pull = async (token: string, repository: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${hub.url}/v2/${repository}/tags/list`, { headers })).status;
  };
  const hash = await hashPassword(PASSWORD);
  hub.directory.setAccount({ name: 'brief', hash, administrator: false });
  const members = [{ kind: 'User', name: 'brief', role: 'guest' }] as const;
  hub.directory.setProject({ name: 'brief', public: false, members });
  const token = await hub.token('brief', ['repository:brief/app:pull']);
  expect(await pull(token, 'brief/app')).toBe(404);
  hub.directory.setProject({ name: 'brief', public: false, members: [] });
  expect(await pull(token, 'brief/app')).toBe(401);
  hub.directory.setProject({ name: 'brief', public: false, members });
  expect(await pull(token, 'brief/app')).toBe(404);
  hub.directory.setAccount({ name: 'brief', hash: await hashPassword('another'), administrator: false });
  expect(await pull(token, 'brief/app')).toBe(401);
  hub.directory.removeAccount('brief');
  expect(await pull(token, 'brief/app')).toBe(401);
});

test('an account that ends gets tokens that end with it', async () => {
  const hash = await hashPassword(PASSWORD);
  const ending = { name: 'ending', hash, administrator: false, expires: Date.now() + 30_000 };
  hub.directory.setAccount(ending);
  const body = new URLSearchParams({
    grant_type: 'password',
    username: 'ending',
    password: PASSWORD,
    access_type: 'offline',
  });
  const answer = await fetch(`${hub.url}/hub/token`, { method: 'POST', body });
  const { expires_in: seconds, refresh_token: refresh } = (await answer.json()) as Record<string, unknown>;
  expect(seconds).toBeLessThanOrEqual(30);
  expect(seconds).toBeGreaterThan(20);
  expect(refresh).toBeDefined();
});

test('pushes to no project are refused, to administrators with the reason', async () => {
  const push = async (name: string) => {
    const token = await hub.token(name, ['repository:nowhere/app:pull,push']);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${hub.url}/v2/nowhere/app/blobs/uploads/`, { method: 'POST', headers });
    return { status: answer.status, text: await answer.text() };
  };
  expect(await push('dev')).toMatchObject({ status: 401 });
  expect(await push('root')).toMatchObject({
    status: 404,
    text: expect.stringContaining('no project nowhere'),
  });
});
