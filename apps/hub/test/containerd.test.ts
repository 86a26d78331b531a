import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ClientTest, CREDENTIALS, canRun, startClientTest } from './support.ts';

const run = promisify(execFile);

const root = process.getuid?.() === 0;
if (!root) console.warn('not tested with containerd, which needs root');
const able = root && (await canRun('containerd', 'ctr', 'skopeo'));

describe.skipIf(!able)('containerd as a client', () => {
  let setup: ClientTest;
  let containerd: ChildProcess;
  let socket: string;

  /** A containerd of its own that keeps content and runs nothing. */
  beforeAll(async () => {
    setup = await startClientTest();
    const folder = join(setup.folder, 'containerd');
    await mkdir(folder);
    socket = join(folder, 'c.sock');
    const config = [
      'version = 2',
      `root = "${folder}/root"`,
      `state = "${folder}/state"`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
      `[grpc]\naddress = "${socket}"`,
    ];
    await writeFile(join(folder, 'config.toml'), config.join('\n'));
    containerd = spawn('containerd', ['--config', join(folder, 'config.toml')], { stdio: 'ignore' });
    await once(containerd, 'spawn');
    await vi.waitFor(() => ctr('version'), { timeout: 20_000, interval: 100 });
  });
  afterAll(async () => {
    containerd.kill('SIGTERM');
    if (containerd.exitCode === null) await once(containerd, 'exit');
    await setup[Symbol.asyncDispose]();
  });

  const ctr = async (...args: string[]): Promise<string> =>
    (await run('ctr', ['--address', socket, ...args], { timeout: 60_000 })).stdout;

  test('containerd pushes an image and pulls it again, with credentials only', async () => {
    const archive = join(setup.folder, 'image.tar');
    await run('tar', ['-C', setup.layout, '-cf', archive, 'oci-layout', 'index.json', 'blobs']);
    const image = `${setup.host}/closed/app`;
    await ctr('images', 'import', '--no-unpack', '--base-name', image, archive);
    const login = ['--plain-http', '--user', CREDENTIALS];
    await ctr('images', 'push', ...login, `${image}:v1`);
    await ctr('images', 'rm', '--sync', `${image}:v1`);
    expect(await ctr('content', 'ls', '-q')).toBe('');
    await expect(ctr('content', 'fetch', '--plain-http', `${image}:v1`)).rejects.toThrow(/401|authorization/);
    await ctr('content', 'fetch', ...login, `${image}:v1`);
    // manifest, config and layer
    expect((await ctr('content', 'ls', '-q')).trim().split('\n')).toHaveLength(3);
  });

  test('containerd pulls from a public project without credentials', async () => {
    const image = `${setup.host}/open/app:v1`;
    const target = ['--dest-tls-verify=false', '--dest-creds', CREDENTIALS, `docker://${image}`];
    await run('skopeo', ['--insecure-policy', 'copy', `oci:${setup.layout}:v1`, ...target]);
    await ctr('content', 'fetch', '--plain-http', image);
    expect(await ctr('images', 'ls', '-q')).toContain(image);
  });
});
