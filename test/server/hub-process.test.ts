import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeLayout, type RunState, readRunState } from '@sampan/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sampan, startSampan } from '../support/sampan.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
}

function ask(url: string, { method = 'GET', headers = {}, body }: Call = {}, tls = {}): Promise<Answer> {
  const request = url.startsWith('https:') ? secureRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ...tls }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The process with the registry's program among the server's children (proc(5)). */
function hubPid(server: number): number {
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').split(' ').filter(Boolean);
  const found = children.find((pid) =>
    existsSync(`/proc/${pid}/cmdline`)
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('hub/src/main.ts')
      : false,
  );
  if (found === undefined) throw new Error('the registry does not run');
  return Number(found);
}

const stateOf = (home: string): RunState => {
  const state = readRunState(homeLayout(home));
  if (!state) throw new Error('the server does not run');
  return state;
};

describe('the registry of a home', () => {
  let sampan: Sampan;
  let port: number;
  beforeAll(async () => {
    sampan = await startSampan({ hub: 0 });
    port = stateOf(sampan.home).hubPort ?? 0;
  });
  afterAll(() => sampan.stop());

  const plain = (path: string, call?: Call) => ask(`http://127.0.0.1:${port}${path}`, call);
  const secure = (path: string, call?: Call) => ask(`${sampan.url}${path}`, call, { ca: sampan.ca });
  const asAdmin = (path: string, call?: Call) =>
    ask(`${sampan.url}${path}`, call, { ca: sampan.ca, cert: sampan.cert, key: sampan.key });
  const tokenFor = async (scope: string): Promise<string> => {
    const { status, body } = await asAdmin(`/hub/token?scope=${scope}`);
    expect(status).toBe(200);
    return `Bearer ${(JSON.parse(body) as { token: string }).token}`;
  };

  it('answers on both loopback addresses and behind the TLS port, and sends each client to where it came to', async () => {
    const challenge = async (asked: Promise<Answer>) => {
      const { status, headers } = await asked;
      expect(status).toBe(401);
      return /realm="([^"]*)"/.exec(String(headers['www-authenticate']))?.[1];
    };
    expect(await challenge(plain('/v2/'))).toBe(`http://127.0.0.1:${port}/hub/token`);
    expect(await challenge(ask(`http://[::1]:${port}/v2/`))).toBe(`http://[::1]:${port}/hub/token`);
    expect(await challenge(secure('/v2/'))).toBe(`${sampan.url}/hub/token`);
  });

  it('believes no client what only the server says of it', async () => {
    const certificate = Buffer.from(sampan.cert.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString(
      'base64',
    );
    const claims = {
      'x-sampan-client-certificate': certificate,
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '10.0.0.1',
    };
    const asked = { headers: claims };
    const { headers } = await plain('/v2/', asked);
    expect(String(headers['www-authenticate'])).toContain('realm="http://');
    const access = async (answer: Promise<Answer>) => {
      const { token } = JSON.parse((await answer).body) as { token: string };
      const [, payload = ''] = token.split('.');
      return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { access: unknown[] }).access;
    };
    const scope = '/hub/token?scope=repository:host/a:push,pull';
    expect(await access(plain(scope, asked))).toEqual([]);
    expect(await access(secure(scope, asked))).toEqual([]);
    expect(await access(asAdmin(scope))).toHaveLength(1);
  });

  it('keeps what was pushed when it is killed, and is there again at the same port', async () => {
    const authorization = await tokenFor('repository:library/kept:pull,push');
    const blob = Buffer.from('kept');
    const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
    const pushed = await secure(`/v2/library/kept/blobs/uploads/?digest=${digest}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/octet-stream' },
      body: blob,
    });
    expect(pushed.status).toBe(201);
    const before = hubPid(sampan.pid);
    process.kill(before, 'SIGKILL');
    await expect.poll(() => existsSync(`/proc/${before}`), { interval: 5 }).toBe(false);
    // who comes meanwhile by the server waits for it
    expect((await secure('/v2/')).status).toBe(401);
    const read = () =>
      plain(`/v2/library/kept/blobs/${digest}`, { headers: { authorization } }).then(
        ({ status, body }) => `${status} ${body}`,
        () => 'nobody answers',
      );
    await expect.poll(read).toBe('200 kept');
    expect(hubPid(sampan.pid)).not.toBe(before);
    expect(stateOf(sampan.home).hubPort).toBe(port);
  });

  it('tells a client behind the TLS port why a large body is refused', async () => {
    const body = Buffer.alloc(32 << 20);
    const { status } = await secure('/v2/library/a/manifests/v1', { method: 'PUT', body });
    expect(status).toBe(401);
  });

  it('does not show what is between the server and it', async () => {
    for (const answer of [plain('/resources/tags'), plain('/resources/../resources/tags')])
      expect((await answer).status).toBe(404);
    expect((await asAdmin('/resources/tags')).status).toBe(404);
  });
});

it('takes another port when that of the last start is taken, and one that is asked for or none', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const folder = mkdtempSync(join(tmpdir(), 'sampan-hub-port-'));
  chmodSync(folder, 0o711);
  const home = join(folder, 'home');
  try {
    await expect(startSampan({ hub: port })).rejects.toThrow(`port ${port} is in use`);
    mkdirSync(home);
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ hubPort: port }));
    const sampan = await startSampan({ hub: 'remembered', home });
    const { hubPort } = stateOf(home);
    await sampan.stop();
    expect(hubPort).not.toBe(port);
    expect(JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8'))).toMatchObject({ hubPort });
  } finally {
    taken.close();
    rmSync(folder, { recursive: true });
  }
});

it('ends with a server that is killed, and gives its storage free', async () => {
  const sampan = await startSampan({ hub: 0 });
  const hub = hubPid(sampan.pid);
  const identity = readFileSync(`/proc/${hub}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
  process.kill(sampan.pid, 'SIGKILL');
  await expect
    .poll(
      () =>
        existsSync(`/proc/${hub}/stat`) &&
        readFileSync(`/proc/${hub}/stat`, 'utf8').includes(` ${identity} `),
    )
    .toBe(false);
  await expect(sampan.stop()).rejects.toThrow('SIGKILL');
});
