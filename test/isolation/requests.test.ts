import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askHttp2, type Question, sendBytes } from './ask.ts';
import { certificateHeader, startTwoGuests, type TwoGuests } from './two-guests.ts';

const SECRETS = '/api/v1/namespaces/default/secrets';
const MARK = 'belongs-to-b';

let world: TwoGuests;

beforeAll(async () => {
  world = await startTwoGuests();
  const { host, a, b } = world;
  for (const [cluster, name] of [
    [host, 'belongs-to-host'],
    [a, 'belongs-to-a'],
    [b, MARK],
  ] as const)
    expect((await cluster.create(SECRETS, { metadata: { name } })).code).toBe(201);
});

afterAll(() => world?.stop());

/** By both protocols, as A's administrator. */
async function askBoth(question: Question) {
  const { sampan, a } = world;
  const whole = { ...a.admin, ...question };
  return [await ask(sampan.url, whole), await askHttp2(sampan.url, whole)];
}

describe('a path of a cluster leads into that cluster alone', () => {
  it('its own', async () => {
    for (const { code, text } of await askBoth({ path: `/clusters/a${SECRETS}` })) {
      expect(code).toBe(200);
      expect(text).toContain('belongs-to-a');
      expect(text).not.toMatch(/belongs-to-(b|host)/);
    }
  });

  it.each([
    ['with two dots', `/clusters/a/../b${SECRETS}`],
    ['with two dots to the host cluster', `/clusters/a/../..${SECRETS}`],
    ['with escaped dots', `/clusters/a/%2e%2e/b${SECRETS}`],
    ['with escaped slashes', `/clusters/a%2f..%2fb${SECRETS}`],
    ['with an escape that hides another', `/clusters/a/%252e%252e/b${SECRETS}`],
    ['with two slashes', `/clusters//b${SECRETS}`],
    ['with two slashes before it', `//clusters/b${SECRETS}`],
    ['in capitals', `/clusters/B${SECRETS}`],
    ['in capitals before it', `/CLUSTERS/b${SECRETS}`],
    ['with an escaped letter', `/clusters/%62${SECRETS}`],
    ['with backslashes', `/clusters/a\\..\\b${SECRETS}`],
    ['with a matrix parameter', `/clusters/b;a${SECRETS}`],
    ['with a user before it', `/clusters/a@b${SECRETS}`],
    ['with a NUL', `/clusters/b%00${SECRETS}`],
    ['with the cluster twice', `/clusters/a/clusters/b${SECRETS}`],
    ['of a file beside it', `/clusters/host.db${SECRETS}`],
    ['of the folder above', `/clusters/..${SECRETS}`],
    ['of the folder itself', `/clusters/.${SECRETS}`],
    ['without a name', `/clusters/${SECRETS}`],
    ['of the other cluster', `/clusters/b${SECRETS}`],
    ['of the host cluster', SECRETS],
    ['as a query', `/clusters/a?/../b${SECRETS}`],
  ])('not into another %s', async (_, path) => {
    for (const { code, text } of await askBoth({ path })) {
      // `/clusters/a?…` is A's list of paths
      if (!path.includes('?')) expect([400, 401, 403, 404]).toContain(code);
      expect(text).not.toMatch(/belongs-to-(b|host)/);
    }
  });

  it('not into another by an absolute URL', async () => {
    const { sampan, a, b } = world;
    const path = `${sampan.url}/clusters/b${SECRETS}`;
    expect((await ask(sampan.url, { path, ...a.admin })).text).not.toContain(MARK);
    expect((await ask(sampan.url, { path: `${b.url}${SECRETS}`, ...b.admin })).text).not.toContain('to-host');
  });

  it('not into another by the name of a host', async () => {
    for (const host of ['b', 'b.clusters', 'kubernetes.default.svc'])
      for (const { text } of await askBoth({ path: `/clusters/a${SECRETS}`, headers: { host } }))
        expect(text).not.toContain(MARK);
  });

  it('not into another by headers that proxies obey', async () => {
    const path = `/clusters/b${SECRETS}`;
    for (const name of ['x-original-url', 'x-rewrite-url', 'x-forwarded-uri', 'x-forwarded-prefix']) {
      for (const { code, text } of await askBoth({
        path: `/clusters/a${SECRETS}`,
        headers: { [name]: path },
      })) {
        expect(code).toBe(200);
        expect(text).not.toContain(MARK);
      }
    }
  });
});

describe('who asks is said by the connection alone', () => {
  /** The certificate of B's administrator is no secret; the key is. */
  const forged = () => certificateHeader(world.b.admin);

  it.each([
    ['in small letters', 'x-sampan-client-certificate'],
    ['in capitals', 'X-SAMPAN-CLIENT-CERTIFICATE'],
  ])('not by a header with a certificate %s', async (_, name) => {
    const { sampan, a } = world;
    const path = `/clusters/b${SECRETS}`;
    for (const who of [a.admin, {}]) {
      const { code } = await ask(sampan.url, { path, ...who, headers: { [name]: forged() } });
      expect([401, 403]).toContain(code);
    }
  });

  it('not by that header in HTTP/2', async () => {
    const { sampan, a } = world;
    const headers = { 'x-sampan-client-certificate': forged() };
    for (const who of [a.admin, {}]) {
      const { code } = await askHttp2(sampan.url, { path: `/clusters/b${SECRETS}`, ...who, headers });
      expect([401, 403]).toContain(code);
    }
  });

  it('not by that header twice', async () => {
    const { sampan, a } = world;
    const headers = { 'x-sampan-client-certificate': [forged(), forged()] };
    const { code } = await ask(sampan.url, { path: `/clusters/b${SECRETS}`, ...a.admin, headers });
    expect(code).toBe(401);
  });

  it('not by that header when Connection names it, or the true one', async () => {
    const { sampan, a, b } = world;
    const headers = { connection: 'x-sampan-client-certificate', 'x-sampan-client-certificate': forged() };
    expect((await ask(sampan.url, { path: `/clusters/b${SECRETS}`, ...a.admin, headers })).code).toBe(401);
    // the true certificate is not lost either
    expect((await b.ask({ path: SECRETS, headers })).code).toBe(200);
  });

  it('not by that header folded, or with a space before its colon', async () => {
    const { sampan } = world;
    for (const line of [
      `x-other: 1\r\n x-sampan-client-certificate: ${forged()}`,
      `x-sampan-client-certificate : ${forged()}`,
      `x_sampan_client_certificate: ${forged()}`,
      `x-other: 1\nx-sampan-client-certificate: ${forged()}`,
    ]) {
      const head = `GET /clusters/b${SECRETS} HTTP/1.1\r\nHost: b\r\nConnection: close\r\n${line}\r\n\r\n`;
      expect(await sendBytes(sampan.url, head)).not.toContain(MARK);
    }
  });

  it('not by that header on a connection for another protocol', async () => {
    const { sampan, a } = world;
    const head = [
      `GET /clusters/b${SECRETS}?watch=1 HTTP/1.1`,
      'Host: b',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `X-Sampan-Client-Certificate: ${forged()}`,
    ];
    const answer = await sendBytes(sampan.url, `${head.join('\r\n')}\r\n\r\n`, a.admin);
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer).not.toContain(MARK);
  });

  it('not on the host cluster, which knows no such header', async () => {
    const { sampan, host } = world;
    const headers = { 'x-sampan-client-certificate': certificateHeader(host.admin) };
    expect((await ask(sampan.url, { path: SECRETS, headers })).code).toBe(403);
  });

  it.each(['x-remote-user', 'x-forwarded-user', 'x-sampan-user', 'front-proxy-user'])(
    'not by the header %s of front proxies',
    async (name) => {
      const { sampan, a } = world;
      const headers = { [name]: 'admin', 'x-remote-group': 'system:masters' };
      for (const prefix of ['/clusters/b', ''])
        expect([401, 403]).toContain(
          (await ask(sampan.url, { path: `${prefix}${SECRETS}`, ...a.admin, headers })).code,
        );
    },
  );

  it('and impersonation holds in the cluster where it was allowed', async () => {
    const { sampan, a } = world;
    const headers = { 'impersonate-user': 'admin', 'impersonate-group': ['system:masters', 'extra'] };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const question = { method: 'POST', headers, body: review };
    const within = await ask(sampan.url, { ...question, ...a.admin, path: `/clusters/a${path}` });
    expect(within.json().status.userInfo).toMatchObject({
      username: 'admin',
      groups: ['system:masters', 'extra', 'system:authenticated'],
    });
    for (const prefix of ['/clusters/b', ''])
      expect([401, 403]).toContain(
        (await ask(sampan.url, { ...question, ...a.admin, path: `${prefix}${path}` })).code,
      );
  });
});

describe('a body is never taken for another request', () => {
  /** A request within a body, which would be believed if it came from the listener itself. */
  const inner = () =>
    [
      `GET /clusters/b${SECRETS} HTTP/1.1`,
      'Host: b',
      `X-Sampan-Client-Certificate: ${certificateHeader(world.b.admin)}`,
      '',
      '',
    ].join('\r\n');

  const METHODS = ['GET', 'DELETE', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'PATCH'];

  /** What B's administrator would see done: the answer itself may go astray. */
  const write = () => {
    const body = JSON.stringify({ metadata: { name: `smuggled-${Math.random().toString(36).slice(2)}` } });
    return {
      body,
      request: [
        `POST /clusters/b${SECRETS} HTTP/1.1`,
        'Host: b',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        `X-Sampan-Client-Certificate: ${certificateHeader(world.b.admin)}`,
        '',
        body,
      ].join('\r\n'),
    };
  };

  const expectNothingInB = async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await world.b.get(SECRETS)).text).not.toContain('smuggled-');
    // and who asks next gets the own answer
    for (let count = 0; count < 3; count++)
      expect((await world.a.get('/api/v1/namespaces/default')).json().metadata.name).toBe('default');
  };

  it.each(METHODS)('by HTTP/2 without a length (%s)', async (method) => {
    const { sampan, a } = world;
    const path = `/clusters/a${SECRETS}/none`;
    for (const body of [inner(), write().request]) {
      const answer = await askHttp2(sampan.url, { method, path, ...a.admin, body });
      expect(answer.text).not.toContain(MARK);
    }
    await expectNothingInB();
  });

  it.each(METHODS)('in chunks (%s)', async (method) => {
    const { sampan, a } = world;
    for (const body of [inner(), write().request]) {
      const head = `${method} /clusters/a${SECRETS}/none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n`;
      const chunked = `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      expect(await sendBytes(sampan.url, `${head}${chunked}`, a.admin)).not.toContain(MARK);
    }
    await expectNothingInB();
  });

  it.each([
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 500'],
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'],
    ['chunks that are hidden', 'Transfer-Encoding: xchunked'],
    ['chunks that are not last', 'Transfer-Encoding: chunked, identity'],
    ['a length with a sign', 'Content-Length: +5'],
    ['no length', 'X-None: 0'],
    ['a length that Connection names', 'Connection: content-length\r\nContent-Length: 5'],
  ])('with %s', async (_, line) => {
    const { sampan, a } = world;
    for (const method of ['GET', 'POST', 'DELETE']) {
      const head = `${method} /clusters/a/api/v1/none HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`;
      expect(await sendBytes(sampan.url, `${head}0\r\n\r\n${inner()}`, a.admin, 300)).not.toContain(MARK);
      expect(await sendBytes(sampan.url, `${head}${write().request}`, a.admin, 300)).not.toContain(MARK);
    }
    await expectNothingInB();
  });

  it('behind the wish for another protocol', async () => {
    const { sampan, a } = world;
    for (const path of ['/clusters/a/api/v1/none', `/clusters/a${SECRETS}?watch=1`, '/clusters/a/version']) {
      for (const line of ['Content-Length: 0', 'Content-Length: 9999', 'Transfer-Encoding: chunked']) {
        const head = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${line}\r\n\r\n`;
        expect(await sendBytes(sampan.url, `${head}${inner()}`, a.admin, 300)).not.toContain(MARK);
        expect(await sendBytes(sampan.url, `${head}${write().request}`, a.admin, 300)).not.toContain(MARK);
      }
    }
    await expectNothingInB();
  });

  it('within a path or a header of HTTP/2', async () => {
    const { sampan, a } = world;
    const tail = ` HTTP/1.1\r\nHost: a\r\n\r\n${inner()}`;
    const tries: Promise<unknown>[] = [
      askHttp2(sampan.url, { path: `/clusters/a/version${tail}`, ...a.admin }),
      askHttp2(sampan.url, { path: '/clusters/a/version', headers: { 'x-other': `1\r\n\r\n${inner()}` } }),
      askHttp2(sampan.url, { path: '/clusters/a/version', method: `GET /version${tail}`, ...a.admin }),
    ];
    for (const outcome of await Promise.allSettled(tries))
      if (outcome.status === 'fulfilled')
        expect((outcome.value as { text: string }).text).not.toContain(MARK);
    await expectNothingInB();
  });

  it('and requests that follow each other on a connection are each for their own cluster', async () => {
    const { sampan, a } = world;
    const requests = ['/clusters/a', '/clusters/b', '', '/clusters/a'].map(
      (prefix, index) =>
        `GET ${prefix}${SECRETS} HTTP/1.1\r\nHost: a\r\n${index === 3 ? 'Connection: close\r\n' : ''}\r\n`,
    );
    const text = await sendBytes(sampan.url, requests.join(''), a.admin, 3000);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(
      ['200', '401', '401', '200'].map((code) => `HTTP/1.1 ${code}`),
    );
    expect(text).not.toMatch(/belongs-to-(b|host)/);
  });
});
