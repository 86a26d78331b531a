import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHome, type HomeLayout, lockGuests } from '@sampan/home';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../apps/guests/src/guest-record.ts';

const MAIN = join(import.meta.dirname, '../../apps/guests/src/main.ts');
const VERSION = JSON.stringify({ major: '1', minor: '36', gitVersion: 'v1.36.0' });

let home: HomeLayout;
let child: ChildProcess;
beforeEach(() => {
  home = createHome(mkdtempSync(join(tmpdir(), 'sampan-guests-')));
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(home.root, { recursive: true, force: true });
});

const start = (): ChildProcess =>
  spawn(process.execPath, [MAIN, '--address=127.0.0.1:6443', `--version=${VERSION}`], {
    cwd: home.root,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

const log = (): string => (existsSync(home.guestsLog) ? readFileSync(home.guestsLog, 'utf8') : '');

test('a process of clusters whose parent ends before it is ready ends as well', async () => {
  const unlock = lockGuests(home);
  child = start();
  child.disconnect();
  setTimeout(unlock, 1000);
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(log()).toBe('');
});

test('it ends well although its parent does not hear its answers any more', async () => {
  child = start();
  const [ready] = await once(child, 'message');
  expect(ready).toEqual({ kind: 'ready' });
  child.send({ kind: 'call', id: 1, method: 'create', args: ['made', DEFAULT_SETTINGS] });
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(log()).toBe('');
  expect(existsSync(join(home.clusters, 'made', 'keys.json'))).toBe(true);
});
