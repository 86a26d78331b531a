import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HomeLayout } from './layout.ts';
import { createHome } from './open-home.ts';
import { ensurePki } from './pki-files.ts';
import { createUser, readRevoked, readUsers } from './users.ts';

let home: HomeLayout;
beforeEach(() => {
  home = createHome(mkdtempSync(join(tmpdir(), 'sampan-changes-')));
  ensurePki(home);
});
afterEach(() => rmSync(home.root, { recursive: true, force: true }));

/** In a process of its own; `expression` sees all of this package. */
async function elsewhere(expression: string): Promise<unknown> {
  const code = `
    import * as all from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
    const home = all.homeLayout(${JSON.stringify(home.root)});
    all.${expression};
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: 'inherit' });
  const [status] = await once(child, 'exit');
  return status;
}

it('keeps all that several processes change at once', async () => {
  const old = ['old'];
  for (const name of old) createUser(home, name, []);
  const made = ['new-1', 'new-2', 'new-3'];
  const changes = [
    ...made.map((name) => elsewhere(`createUser(home, '${name}', [])`)),
    ...old.map((name) => elsewhere(`deleteUser(home, '${name}')`)),
    elsewhere("revokeUser(home, 'lost')"),
  ];
  expect(await Promise.all(changes)).toEqual(changes.map(() => 0));
  expect(readUsers(home).map(({ name }) => name)).toEqual(made);
  const revoked = readRevoked(home).map(({ user }) => user);
  expect(revoked.toSorted()).toEqual(['lost', ...old]);
});
