import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchToken } from '../src/auth/token-client.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../src/content/media-types.ts';
import { imageFor, parsePlatform } from '../src/content/platform.ts';
import { retryAfterMs } from '../src/http/retry.ts';
import { Transport } from '../src/http/transport.ts';
import { digestOf } from '../src/names/digest.ts';
import { originOf } from '../src/registry/origin.ts';
import { Registry } from '../src/registry/registry.ts';

const servers: Server[] = [];
const transport = new Transport({ idleMs: 3000 });

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that answers in a way that a registry may, but not when a test wants it. */
async function serve(answer: RequestListener): Promise<URL> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const MANIFEST = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] }));

describe('a registry', () => {
  it('that is busy is asked again, when it said', async () => {
    let asked = 0;
    const origin = await serve((_, response) => {
      asked++;
      if (asked === 1)
        response.writeHead(429, { 'retry-after': '0' }).end('{"errors":[{"code":"TOOMANYREQUESTS"}]}');
      else if (asked === 2) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(MANIFEST);
    });
    const image = await new Registry({ origin, transport }).repository('a/b').resolve('1');
    expect(image.descriptor).toEqual({
      mediaType: OCI_MANIFEST,
      digest: digestOf(MANIFEST),
      size: MANIFEST.length,
    });
    expect(asked).toBe(3);
  });

  it('that sends other bytes than were asked for is not believed', async () => {
    const origin = await serve((_, response) =>
      response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(MANIFEST),
    );
    const repository = new Registry({ origin, transport }).repository('a/b');
    await expect(repository.resolve(digestOf(Buffer.from('other')))).rejects.toMatchObject({
      code: 'oci-content-mismatch',
    });
  });

  it('that says nothing is given up', async () => {
    const origin = await serve(() => {});
    const impatient = new Transport({ idleMs: 50 });
    try {
      const asked = new Registry({ origin, transport: impatient }).repository('a/b').tags();
      await expect(asked).rejects.toMatchObject({ code: 'oci-unreachable' });
    } finally {
      impatient.close();
    }
  });

  it('that leads elsewhere does not get the password sent there', async () => {
    const seen: (string | undefined)[] = [];
    const elsewhere = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(MANIFEST);
    });
    const origin = await serve((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else response.writeHead(307, { location: elsewhere.href }).end();
    });
    const credentials = { kind: 'password', user: 'ann', password: 'secret' } as const;
    await new Registry({ origin, transport, credentials }).repository('a/b').resolve('1');
    expect(seen).toEqual([undefined]);
  });

  it('lists tags over many pages', async () => {
    const origin = await serve((request, response) => {
      const last = new URL(request.url ?? '', 'http://x').searchParams.get('last');
      const next = last === null ? { link: '</v2/a/b/tags/list?last=2>; rel="next"' } : {};
      response.writeHead(200, next).end(JSON.stringify({ tags: last === null ? ['1', '2'] : ['3'] }));
    });
    expect(await new Registry({ origin, transport }).repository('a/b').tags()).toEqual(['1', '2', '3']);
  });
});

describe('a token service', () => {
  const password = { kind: 'password', user: 'ann', password: 'secret' } as const;

  it('that knows only OAuth 2 is asked by POST, with the scopes in one field', async () => {
    const bodies: string[] = [];
    const realm = await serve((request, response) => {
      if (request.method === 'GET') {
        response.writeHead(405).end();
        return;
      }
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
      request.on('end', () => response.end('{"access_token":"t"}'));
    });
    const { token, expires } = await fetchToken(
      transport,
      { realm, service: 'hub' },
      ['a:b:pull', 'c:d:pull'],
      password,
    );
    expect(token).toBe('t');
    expect(expires - Date.now()).toBeGreaterThan(55_000);
    const form = new URLSearchParams(bodies.join(''));
    expect(Object.fromEntries(form)).toMatchObject({
      grant_type: 'password',
      username: 'ann',
      scope: 'a:b:pull c:d:pull',
    });
  });

  it('gets a refresh token as it is, and no token is an error', async () => {
    const realm = await serve((request, response) => {
      request.resume().on('end', () => response.end(request.method === 'POST' ? '{"token":"u"}' : '{}'));
    });
    const refresh = { kind: 'refresh-token', token: 'r' } as const;
    expect((await fetchToken(transport, { realm, service: undefined }, [], refresh)).token).toBe('u');
    await expect(fetchToken(transport, { realm, service: undefined }, [], undefined)).rejects.toMatchObject({
      code: 'oci-refused',
    });
  });

  it('without encryption gets no password for a registry that has it', async () => {
    // the challenge is looked at before anything is sent: nobody need listen
    const { Authorizer } = await import('../src/auth/authorizer.ts');
    const authorizer = new Authorizer({
      transport,
      origin: new URL('https://a.example'),
      credentials: password,
    });
    const challenge = 'Bearer realm="http://evil.example/token"';
    expect(() => authorizer.challenged(challenge, undefined, [])).toThrow(
      expect.objectContaining({ code: 'oci-refused' }),
    );
  });
});

it('Retry-After is read in both forms', () => {
  expect(retryAfterMs('2')).toBe(2000);
  expect(retryAfterMs(new Date(10_000).toUTCString(), 4000)).toBe(6000);
  expect(retryAfterMs('soon')).toBeUndefined();
  expect(retryAfterMs('99999999')).toBe(20_000);
});

it('the image of a platform is found in an index, or what there is instead is said', async () => {
  const child = { mediaType: OCI_MANIFEST, digest: digestOf(MANIFEST), size: MANIFEST.length };
  const manifests = [{ ...child, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }];
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  const index = { descriptor: { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length }, bytes };
  const never = () => Promise.reject(new Error('not asked for'));
  const source = {
    resolve: never,
    blob: never,
    manifest: () => Promise.resolve({ descriptor: child, bytes: MANIFEST }),
  };
  expect((await imageFor(source, index, parsePlatform('linux/arm64'))).descriptor).toBe(child);
  await expect(imageFor(source, index, parsePlatform('linux/amd64'))).rejects.toMatchObject({
    hint: 'It is there for: linux/arm64/v8',
  });
});

it('what is on loopback is asked by HTTP when there is no TLS, and all else by HTTPS', async () => {
  const origin = await serve((_, response) => response.end('{}'));
  expect((await originOf(origin.host, transport, false)).href).toBe(origin.href);
  expect((await originOf('docker.io', transport, false)).href).toBe('https://registry-1.docker.io/');
  expect((await originOf('registry.example', transport, true)).href).toBe('http://registry.example/');
});

it('a proxy is used where the variables say so', async () => {
  const asked: string[] = [];
  const proxy = await serve((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(MANIFEST);
  });
  const proxied = new Transport({ proxies: { HTTP_PROXY: proxy.href, NO_PROXY: 'inside.example' } });
  try {
    const registry = new Registry({ origin: new URL('http://outside.example'), transport: proxied });
    await registry.repository('a/b').resolve('1');
    expect(asked).toEqual(['http://outside.example/v2/a/b/manifests/1']);
  } finally {
    proxied.close();
  }
});
