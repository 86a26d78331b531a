import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createUser, homeLayout } from '@sampan/home';
import { expect, it } from 'vitest';
import { RegistryUser } from '../hub/registry-user.ts';

const DIST = join(import.meta.dirname, '../../dist');

function canRun(): boolean {
  const lacks = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...(existsSync(join(DIST, 'hub.mjs')) ? [] : ['a build (make build)']),
  ];
  if (lacks.length > 0 && process.env.CI) throw new Error(`in CI this must run; missing: ${lacks}`);
  if (lacks.length > 0) console.log(`programs in closed folders are not tried here; missing: ${lacks}`);
  return lacks.length === 0;
}

/** As a checkout in /root is, which nobody else may enter. */
it.runIf(canRun())('the registry runs from a folder that only root may enter', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-closed-'));
  chmodSync(folder, 0o711);
  const closed = join(folder, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  cpSync(DIST, join(closed, 'dist'), { recursive: true });
  const runtime = join(closed, 'node');
  copyFileSync(process.execPath, runtime);
  const home = join(folder, 'home');
  const args = [`--home=${home}`, '--port=0', '--hub-port=0'];
  const server = spawn(runtime, [join(closed, 'dist/server.mjs'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(server, 'exit');
  try {
    const [word] = (await once(server, 'message')) as [{ type: string; hub?: { port?: number } }];
    expect(word).toMatchObject({ type: 'ready', hub: { port: expect.any(Number) } });
    const registry = new RegistryUser(() => `http://127.0.0.1:${word.hub?.port}`);
    const { password } = createUser(homeLayout(home), 'ann', ['system:masters']);
    const rights = () => registry.rights('ann', password, 'library/large');
    await expect.poll(rights, { timeout: 20_000 }).toContain('push');
    // so many bytes are hashed by a thread, whose program is there, too
    await registry.push('ann', password, 'library/large', 'v1', 5_000_000);
  } finally {
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  }
});
