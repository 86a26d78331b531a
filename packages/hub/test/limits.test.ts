import { FakeClock, type Logger, silentLogger } from '@sampan/base';
import { expect, test } from 'vitest';
import type { Origin } from '../src/api/message.ts';
import { hashPassword } from '../src/index.ts';
import { basic, PASSWORD, TestHub } from './support.ts';

/** A hub whose clients are where the header `x-test-address` says, with a log of what its audit was told. */
async function start(limits: object) {
  const clock = new FakeClock();
  const lines: { message: string; fields: Record<string, unknown> }[] = [];
  const write = (message: string, fields = {}) => void lines.push({ message, fields });
  const audit: Logger = { ...silentLogger, info: write, warn: write };
  const originOf = ({ headers }: { headers: Record<string, unknown> }): Origin => ({
    scheme: 'https',
    address: String(headers['x-test-address'] ?? '192.0.2.1'),
  });
  const hub = await TestHub.start(clock, [], { limits, audit, originOf });
  return { hub, clock, lines };
}

test('an account that asks too much must wait, others need not', async () => {
  const { hub, clock } = await start({ account: { perSecond: 1, burst: 20 } });
  await using _ = hub;
  const client = await hub.client('open/app');
  const statuses = [];
  for (let request = 0; request < 21; request++) {
    statuses.push((await client.send('GET', 'tags/list')).status);
  }
  expect(statuses.slice(0, 19)).toEqual(Array(19).fill(404));
  expect(statuses.slice(19)).toEqual([429, 429]);
  const refused = await client.send('GET', 'tags/list');
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] });
  const other = await hub.client('open/app', 'guest');
  expect((await other.send('GET', 'tags/list')).status).toBe(404);
  clock.advance(1000);
  expect((await client.send('GET', 'tags/list')).status).toBe(404);
});

test('an address without an account that asks too much must wait, and the machine itself never', async () => {
  const { hub } = await start({ address: { perSecond: 1, burst: 3 } });
  await using _ = hub;
  const ask = async (address: string) =>
    (await fetch(`${hub.url}/v2/`, { headers: { 'x-test-address': address } })).status;
  const times = async (count: number, address: string) => {
    const statuses = [];
    for (let request = 0; request < count; request++) statuses.push(await ask(address));
    return statuses;
  };
  expect(await times(4, '192.0.2.1')).toEqual([401, 401, 401, 429]);
  expect(await times(4, '2001:db8::1')).toEqual([401, 401, 401, 429]);
  expect(await ask('2001:db8::ffff')).toBe(429);
  expect(await ask('192.0.2.2')).toBe(401);
  expect(await times(6, '127.0.0.1')).toEqual(Array(6).fill(401));
  const index = `${hub.url}/hub/charts/open/index.yaml`;
  const headers = { 'x-test-address': '192.0.2.3' };
  const statuses = [];
  for (let request = 0; request < 4; request++) statuses.push((await fetch(index, { headers })).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
});

test('who guesses a password is slowed down, even when right at last, and written down', async () => {
  const { hub, clock, lines } = await start({ failedLogins: { perSecond: 0.1, burst: 3 } });
  await using _ = hub;
  const logIn = async (password: string, address = '192.0.2.1') => {
    const headers = { authorization: basic('dev', password), 'x-test-address': address };
    return (await fetch(`${hub.url}/hub/token?service=hub`, { headers })).status;
  };
  const post = async (password: string) => {
    const body = new URLSearchParams({ grant_type: 'password', username: 'dev', password, service: 'hub' });
    return (await fetch(`${hub.url}/hub/token`, { method: 'POST', body })).status;
  };
  expect([await logIn('a'), await post('b'), await logIn('c'), await post('d')]).toEqual([
    401, 401, 401, 429,
  ]);
  expect(await logIn(PASSWORD)).toBe(429);
  expect(await logIn(PASSWORD, '192.0.2.2')).toBe(200);
  expect(
    (await fetch(`${hub.url}/hub/api/usage`, { headers: { authorization: basic('dev', 'x') } })).status,
  ).toBe(429);
  expect(lines).toEqual(
    Array(3).fill({ message: 'login-failed', fields: { actor: 'dev', address: '192.0.2.1' } }),
  );
  clock.advance(10_000);
  expect(await logIn(PASSWORD)).toBe(200);
});

test('who guesses many passwords at once gets no further, and who logs in many times at once does', async () => {
  const { hub, clock } = await start({ failedLogins: { perSecond: 0.1, burst: 3 } });
  await using _ = hub;
  const logIn = async (password: string) => {
    const headers = { authorization: basic('dev', password), 'x-test-address': '192.0.2.1' };
    return (await fetch(`${hub.url}/hub/token?service=hub`, { headers })).status;
  };
  const times = async (count: number, password: string) =>
    (await Promise.all(Array.from({ length: count }, () => logIn(password)))).sort();
  expect(await times(5, PASSWORD)).toEqual([200, 200, 200, 200, 200]);
  expect(await times(5, 'guess')).toEqual([401, 401, 401, 429, 429]);
  clock.advance(10_000);
  expect(await times(3, 'guess')).toEqual([401, 429, 429]);
});

test('whoever guesses at a robot does not lock it out', async () => {
  const { hub } = await start({ failedLogins: { perSecond: 0.1, burst: 3 } });
  await using _ = hub;
  const hash = await hashPassword(PASSWORD);
  hub.directory.setAccount({ name: 'open/ci', kind: 'robot', hash, administrator: false });
  const logIn = async (password: string) => {
    const headers = { authorization: basic('open/ci', password), 'x-test-address': '127.0.0.1' };
    return (await fetch(`${hub.url}/hub/token?service=hub`, { headers })).status;
  };
  for (let guess = 0; guess < 5; guess++) expect(await logIn('wrong')).toBe(401);
  expect(await logIn(PASSWORD)).toBe(200);
});

test('a blob may not be larger than allowed, however it is sent', async () => {
  const { hub } = await start({ maxBlobBytes: 1000 });
  await using _ = hub;
  const client = await hub.client('open/app');
  await client.pushBlob(Buffer.alloc(1000));
  const large = Buffer.alloc(1001);
  const upload = async () => (await client.send('POST', 'blobs/uploads/')).headers.get('location') ?? '';
  const announced = await client.send('PATCH', await upload(), { body: large });
  expect(announced.status).toBe(413);
  expect(await announced.json()).toMatchObject({ errors: [{ code: 'SIZE_INVALID' }] });
  const stream = new Blob([large]).stream();
  expect((await client.send('PATCH', await upload(), { body: stream, duplex: 'half' })).status).toBe(413);
});

test('uploads that are begun and not finished are counted, until they are', async () => {
  const { hub } = await start({ uploads: 3 });
  await using _ = hub;
  const client = await hub.client('open/app');
  const begin = () => client.send('POST', 'blobs/uploads/');
  const locations = [];
  for (let upload = 0; upload < 3; upload++) locations.push((await begin()).headers.get('location') ?? '');
  const refused = await begin();
  expect([refused.status, await refused.json()]).toMatchObject([
    429,
    { errors: [{ code: 'TOOMANYREQUESTS' }] },
  ]);
  await client.pushBlob(Buffer.from('whole at once'));
  expect((await client.send('DELETE', locations[0] ?? '')).status).toBe(204);
  expect((await begin()).status).toBe(202);
});

test('pushes, pulls and deletes are written down with who and from where', async () => {
  const { hub, lines } = await start({});
  await using _ = hub;
  const client = await hub.client('open/app');
  await client.putManifest('v1', await client.image());
  await client.send('GET', 'manifests/v1', { headers: { 'user-agent': 'someone/1' } });
  await client.send('DELETE', 'manifests/v1');
  await expect.poll(() => lines.map(({ message }) => message)).toEqual(['push', 'pull', 'delete']);
  expect(lines[1]?.fields).toMatchObject({
    at: '2026-01-01T00:00:00.000Z',
    actor: 'dev',
    address: '192.0.2.1',
    userAgent: 'someone/1',
    project: 'open',
    repository: 'open/app',
    tag: 'v1',
  });
});
