import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { addressKind } from '@sampan/machinery';
import { expect, test } from 'vitest';
import { send } from './send.ts';

/** What a try comes to with a receiver that does this. */
async function tryWith(listener: RequestListener, timeoutMs?: number, signal = new AbortController().signal) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const answer = await send(
    { url, ca: undefined, allowed: true, headers: { 'x-a': 'b' }, body: '{"é":1}' },
    signal,
    timeoutMs,
  );
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return answer;
}

test('the status of the answer counts, whatever follows it', async () => {
  const endless: RequestListener = (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(Buffer.alloc(32 * 1024)), 1);
    response.on('close', () => clearInterval(timer));
  };
  const broken: RequestListener = (_, response) => {
    response.writeHead(202, { 'content-length': '100' });
    response.write('x', () => response.destroy());
  };
  expect(await tryWith(endless)).toMatchObject({ code: 200, error: undefined });
  expect(await tryWith(broken)).toMatchObject({ code: 202, error: undefined });
});

test('who asks for a pause is heard', async () => {
  const busy = (after: string) =>
    tryWith((_, response) => response.writeHead(429, { 'retry-after': after }).end());
  expect(await busy('120')).toEqual({ code: 429, error: 'the receiver answered 429', retryAfterMs: 120_000 });
  expect((await busy('Fri, 31 Dec 2027 23:59:59 GMT')).retryAfterMs).toBeUndefined();
});

test('silence, a closed connection and a name that is none are no answer', async () => {
  expect(await tryWith(() => undefined, 200)).toEqual({ error: 'no answer within 0.2 seconds' });
  expect(await tryWith((request) => void request.socket.destroy())).toEqual({ error: 'socket hang up' });
  const nowhere = { ca: undefined, allowed: true, headers: {}, body: '' };
  const { signal } = new AbortController();
  const unknown = await send({ ...nowhere, url: 'http://nothing.invalid/' }, signal);
  expect([unknown.code, unknown.error]).toEqual([undefined, expect.stringContaining('nothing.invalid')]);
  const badCa = await send({ ...nowhere, ca: 'no PEM', url: 'https://127.0.0.1:1/' }, signal);
  expect([badCa.code, badCa.error]).toEqual([undefined, expect.any(String)]);
});

test('the end of the process breaks a try off', async () => {
  const end = new AbortController();
  const trying = tryWith(() => end.abort(), 60_000, end.signal);
  expect((await trying).code).toBeUndefined();
});

/** What becomes of a message to a server of this machine, and how many connections the server saw. */
async function tryHere(urlOf: (port: number) => string, allowed: boolean) {
  let connections = 0;
  const server = createServer((_, response) => response.writeHead(204).end());
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const url = urlOf((server.address() as AddressInfo).port);
  const message = { url, ca: undefined, allowed, headers: {}, body: '' };
  const answer = await send(message, new AbortController().signal);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { ...answer, connections };
}

const own = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .filter(({ address }) => addressKind(address) === undefined)
  .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));

test.each(['127.0.0.1', '127.1', '0.0.0.0', 'localhost', '[::ffff:127.0.0.1]', ...own])(
  'nothing goes to this machine unless an administrator wants it: %s',
  async (host) => {
    const refused = await tryHere((port) => `http://${host}:${port}/`, false);
    expect(refused).toEqual({ error: expect.stringContaining('must add "'), connections: 0 });
    const { code, connections } = await tryHere((port) => `http://${host}:${port}/`, true);
    expect({ code, connections }).toEqual({ code: 204, connections: 1 });
  },
);

test('link-local addresses are not called, whoever wants it', async () => {
  const { error } = await tryHere((port) => `http://169.254.169.254:${port}/`, true);
  expect(error).toBe('169.254.169.254 is link-local: webhooks are not sent there');
});
