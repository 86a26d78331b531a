import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeLayout, readAdmin, readRunState } from '@sampan/home';
import { expect, it } from 'vitest';

/** In blocks of 512 bytes: files of the server cannot grow beyond 2 MiB. The kernel then refuses writes (EFBIG). */
const BLOCKS = 4096;
/** The kernel lets a process change the limits of processes of its own user. */
const USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const MAIN = join(import.meta.dirname, '../../server/src/main.ts');

it('survives a disk that takes no more, answers 5xx with a Status, and recovers', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-full-'));
  const home = join(folder, 'home');
  if (USER.uid) chownSync(folder, USER.uid, USER.gid);
  const command = `ulimit -S -f ${BLOCKS} && exec "$0" "$@"`;
  const child = spawn('/bin/sh', ['-c', command, process.execPath, MAIN, `--home=${home}`, '--port=0'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    ...USER,
  });
  try {
    await once(child, 'message');
    const { port = 0 } = readRunState(homeLayout(home)) ?? {};
    const admin = readAdmin(homeLayout(home));
    if (!admin) throw new Error('no keys');
    const access = { port, ca: admin.ca, cert: admin.certificate, key: admin.key };
    let made = 0;
    let refused = await create(access, `c${made}`);
    while (refused.status === 201 && made < 200) refused = await create(access, `c${++made}`);
    expect(refused).toMatchObject({ status: 500, body: { kind: 'Status', reason: 'InternalError' } });
    expect(made).toBeGreaterThan(3);
    expect(await get(access, 'c0')).toMatchObject({ status: 200 });
    expect(await get(access, `c${made}`)).toMatchObject({ status: 404 });
    execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:'], USER);
    expect(await create(access, 'after')).toMatchObject({ status: 201 });
    expect(await get(access, `c${made - 1}`)).toMatchObject({ status: 200 });
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
  expect(child.exitCode).toBe(0);
});

interface Access {
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const PATH = '/api/v1/namespaces/default/configmaps';
const VALUE = 'x'.repeat(100_000);

const create = (access: Access, name: string) =>
  send(access, 'POST', PATH, { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { VALUE } });
const get = (access: Access, name: string) => send(access, 'GET', `${PATH}/${name}`);

function send({ port, ...tls }: Access, method: string, path: string, body?: unknown) {
  return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method,
      ...tls,
      headers: { 'content-type': 'application/json' },
    };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
