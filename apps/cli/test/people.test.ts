import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeLayout, isPasswordOf, readUsers } from '@sampan/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Homes, sampan } from './command-line.ts';
import { freePort } from './free-port.ts';

const homes = new Homes();
const home = homes.at('people');
const run = (...words: string[]) => sampan([...words, '--home', home]);

beforeAll(async () => {
  await run('up', '--port', String(await freePort()));
});
afterAll(() => homes.clean());

describe('people', () => {
  it('get a kubeconfig on stdout and a password that is shown once and stored as a hash', async () => {
    const { code, stdout, stderr } = await run('user', 'create', 'ann', '--group', 'crew');
    expect(code).toBe(0);
    const password = /only this once: (\S+)/.exec(stderr)?.[1] ?? '';
    expect(password).toHaveLength(24);
    const stored = readFileSync(join(home, 'users.json'), 'utf8');
    expect(stored).not.toContain(password);
    expect(statSync(join(home, 'users.json')).mode & 0o077).toBe(0);
    const [user] = readUsers(homeLayout(home));
    expect(await isPasswordOf(user, password)).toBe(true);
    expect(await isPasswordOf(user, `${password}x`)).toBe(false);
    const file = join(homes.folder, 'ann');
    writeFileSync(file, stdout);
    const who = spawnSync('kubectl', ['--kubeconfig', file, 'auth', 'whoami', '-o', 'json'], {
      encoding: 'utf8',
    });
    expect(JSON.parse(who.stdout)).toMatchObject({
      status: { userInfo: { username: 'ann', groups: ['crew', 'system:authenticated'] } },
    });
  });

  it('are made once', async () => {
    const again = await run('user', 'create', 'ann');
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(await run('user', 'create', '../x')).toMatchObject({ code: 1, stdout: '' });
  });

  it('are listed without their secrets, and deleted', async () => {
    await run('user', 'create', 'bob', '-o', 'json');
    expect((await run('user', 'list', '-o', 'name')).stdout).toBe('user/ann\nuser/bob\n');
    expect((await run('user', 'list')).stdout).toMatch(
      /^NAME +GROUPS +CERTIFICATE UNTIL +CREATED\nann +crew /,
    );
    expect((await run('user', 'list', '-o', 'yaml')).stdout).not.toContain('scrypt');
    expect((await run('user', 'delete', 'bob')).stdout).toBe('user/bob deleted\n');
    expect((await run('user', 'delete', 'nobody')).stderr).toContain('sampan user revoke nobody');
    const missing = await run('user', 'delete', 'an');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('Did you mean: ann');
  });
});

describe('certificates of people', () => {
  const whoami = (kubeconfig: string) =>
    spawnSync(
      'kubectl',
      ['--kubeconfig', kubeconfig, 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'],
      {
        encoding: 'utf8',
      },
    );
  const store = (name: string, text: string): string => {
    const file = join(homes.folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };

  it('end with the person', async () => {
    const file = store('carl', (await run('user', 'create', 'carl')).stdout);
    expect(whoami(file).stdout).toBe('carl');
    await run('user', 'delete', 'carl');
    expect(whoami(file).stderr).toContain('Unauthorized');
    const again = store('carl-2', (await run('user', 'create', 'carl')).stdout);
    expect(whoami(again).stdout).toBe('carl');
    expect(whoami(file).stderr).toContain('Unauthorized');
    await run('user', 'delete', 'carl');
  });

  it('end when they are revoked, and new ones hold', async () => {
    const made = store('dora', (await run('user', 'create', 'dora')).stdout);
    const further = store(
      'dora-2',
      (await run('kubeconfig', '--user', 'dora', '--group', 'system:masters')).stdout,
    );
    expect(whoami(further).stdout).toBe('dora');
    // what is open ends, too
    const watching = spawn('kubectl', ['--kubeconfig', further, 'get', 'namespaces', '--watch']);
    const ended = new Promise((resolve) => watching.once('exit', () => resolve(true)));
    await new Promise((resolve) => watching.stdout.once('data', resolve));
    expect((await run('user', 'revoke', 'dora')).stdout).toBe('user/dora revoked\n');
    for (const file of [made, further]) expect(whoami(file).stderr).toContain('Unauthorized');
    expect(await ended).toBe(true);
    expect(whoami(store('dora-3', (await run('kubeconfig', '--user', 'dora')).stdout)).stdout).toBe('dora');
    expect((await run('user', 'list', '-o', 'name')).stdout).toContain('user/dora');
  });
});

describe('help for the shell and the machine', () => {
  it('prints completion that the shell accepts', async () => {
    const { stdout } = await run('completion', 'bash');
    const script = `${stdout}\nCOMP_WORDS=(sampan user cr); COMP_CWORD=2; _sampan; echo "\${COMPREPLY[*]}"`;
    expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout).toBe('create\n');
    expect((await run('completion', 'fish')).stdout).toContain('complete -c sampan');
    expect((await run('completion', 'zsh')).stdout).toContain('#compdef sampan');
    expect(await run('completion', 'bsh')).toMatchObject({ code: 2 });
  });

  it('checks the machine', async () => {
    const { code, stdout } = await run('doctor', '-o', 'json');
    const findings = JSON.parse(stdout) as { name: string; level: string }[];
    expect(findings.map(({ name }) => name)).toContain('kubectl');
    expect(code).toBe(findings.some(({ level }) => level === 'problem') ? 1 : 0);
  });

  it('shows the log, and the version', async () => {
    expect((await run('logs', '--tail', '5')).stdout).toContain('"message":"ready"');
    expect((await run('version')).stdout).toBe('sampan 0.1.0\n');
    expect((await run('help', 'user', 'create')).stdout).toContain(
      'Usage: sampan user create [OPTIONS] NAME',
    );
  });
});
