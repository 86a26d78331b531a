import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@sampan/base';
import { hashPassword, MemoryDirectory } from '@sampan/hub';
import { expect, test } from 'vitest';
import { startHub } from '../src/start-hub.ts';

const KILLS = 8;
const PASSWORD = 'correct horse';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function startServer(folder: string, hash: string): Promise<{ process: ChildProcess; url: string }> {
  const program = join(import.meta.dirname, 'hub-server.ts');
  const child = spawn(process.execPath, [program, folder, hash], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { process: child, url: line.toString().trim() };
}

async function logIn(url: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`dev:${PASSWORD}`).toString('base64')}`;
  const scope = new URLSearchParams({ scope: 'repository:a/b:pull,push' });
  const login = await fetch(`${url}/hub/token?${scope}`, { headers: { authorization } });
  return ((await login.json()) as { token: string }).token;
}

/** Pushes images until the server is gone; adds the digests of those that it acknowledged. */
async function pushUntilGone(url: string, token: string, acknowledged: string[]): Promise<void> {
  const send = (method: string, path: string, body: Buffer<ArrayBuffer>, type: string) =>
    fetch(`${url}/v2/a/b/${path}`, {
      method,
      body,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
    });
  for (;;) {
    const layers = [];
    for (const bytes of [randomBytes(300_000), randomBytes(10)]) {
      const digest = digestOf(bytes);
      await send('POST', `blobs/uploads/?digest=${digest}`, bytes, 'application/octet-stream');
      layers.push({ mediaType: 'a/b', digest, size: bytes.length });
    }
    const body = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: layers[0], layers }),
    );
    const put = await send('PUT', 'manifests/latest', body, MANIFEST);
    // what is refused is in none of the digests, and so fails the test
    acknowledged.push(put.status === 201 ? digestOf(body) : await put.text());
  }
}

test(`a registry killed in ${KILLS} pushes is consistent and has all that it acknowledged`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sampan-hub-kill-'));
  const hash = await hashPassword(PASSWORD);
  const acknowledged: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const server = await startServer(folder, hash);
    const exited = once(server.process, 'exit');
    const token = await logIn(server.url);
    const pushing = pushUntilGone(server.url, token, acknowledged);
    const broken = expect(pushing).rejects.toThrow();
    await sleep(randomInt(700));
    server.process.kill('SIGKILL');
    await Promise.all([exited, broken]);
  }
  const directory = new MemoryDirectory();
  directory.setAccount({ name: 'dev', hash, administrator: true });
  directory.setProject({ name: 'a', public: false, members: [] });
  const { hub, url, close } = await startHub({ folder, port: 0, directory, logger: silentLogger });
  try {
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(await hub.check({ read: true })).toEqual([]);
    await hub.collectGarbage({ grace: -1 });
    expect(await hub.check({ read: true })).toEqual([]);
    const token = await logIn(url);
    for (const digest of acknowledged) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${url}/v2/a/b/manifests/${digest}`, { headers })).status).toBe(200);
    }
  } finally {
    await close();
    await rm(folder, { recursive: true });
  }
});
