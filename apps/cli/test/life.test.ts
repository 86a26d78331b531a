import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { Homes, sampan, statusOf } from './command-line.ts';
import { freePort } from './free-port.ts';

const homes = new Homes();
afterAll(() => homes.clean());

/** Any free port, so that tests do not fight over the default one. */
async function up(home: string, ...more: string[]) {
  const outcome = await sampan(['up', '--home', home, '--port', String(await freePort()), ...more]);
  expect(outcome).toMatchObject({ code: 0 });
  return outcome;
}

describe('the life of a home', () => {
  it('starts, answers kubectl, and stops', async () => {
    const home = homes.at('first');
    const began = await up(home);
    expect(began.stdout).toMatch(/^Sampan is ready at https:\/\/127\.0\.0\.1:\d+ /);
    expect(began.stdout).toContain(`kubectl get all -A`);
    const status = await statusOf(home);
    expect(status).toMatchObject({ state: 'ready', version: '0.1.0' });
    expect(status.endpoints.kubernetes).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(status.objects).toBeGreaterThan(50);
    expect(status.memoryBytes).toBeGreaterThan(2 ** 20);
    expect(status.processes.map(({ name }) => name)).toEqual(['server']);
    const kubectl = await sampan(['kubectl', '--home', home, 'get', 'namespaces', '-o', 'name']);
    expect(kubectl.stdout).toContain('namespace/default\n');
    const again = await sampan(['up', '--home', home]);
    expect(again).toMatchObject({ code: 0 });
    expect((await statusOf(home)).processes).toEqual([
      expect.objectContaining({ pid: status.processes[0]?.pid }),
    ]);
    expect(await sampan(['down', '--home', home])).toMatchObject({ code: 0 });
    expect(await sampan(['down', '--home', home])).toMatchObject({ code: 0 });
    expect(await sampan(['status', '--home', home])).toMatchObject({ code: 1 });
  });

  it('prints a kubeconfig that kubectl uses, on stdout alone', async () => {
    const home = homes.at('config');
    expect(await sampan(['kubeconfig', '--home', home])).toMatchObject({ code: 1, stdout: '' });
    await up(home);
    const { stdout, stderr } = await sampan(['kubeconfig', '--home', home]);
    expect(stderr).toBe('');
    const file = join(homes.folder, 'kubeconfig');
    writeFileSync(file, stdout);
    const answer = await promisify(execFile)('kubectl', [
      '--kubeconfig',
      file,
      'auth',
      'can-i',
      '*',
      '*',
      '-A',
    ]);
    expect(answer.stdout).toBe('yes\n');
    const json = await sampan(['kubeconfig', '-o', 'json', '--home', home]);
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Config', 'current-context': 'sampan' });
    expect(await sampan(['kubeconfig', '--cluster', 'other', '--home', home])).toMatchObject({ code: 1 });
  });

  it('passes the exit code of kubectl', async () => {
    const home = homes.at('config');
    const outcome = await sampan(['kubectl', 'get', 'configmap', 'none'], {
      environment: { SAMPAN_HOME: home },
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('NotFound');
  });

  it('says how to get kubectl where there is none', async () => {
    const home = homes.at('config');
    const outcome = await sampan(['kubectl', '--home', home, 'get', 'ns'], {
      environment: { PATH: '/nonexistent' },
    });
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('kubernetes.io/docs/tasks/tools');
  });

  it('keeps what it acknowledged when it is killed', async () => {
    const home = homes.at('killed');
    await up(home);
    await sampan(['kubectl', '--home', home, 'create', 'configmap', 'kept', '--from-literal=a=1']);
    const before = await statusOf(home);
    process.kill(before.processes[0]?.pid ?? 0, 'SIGKILL');
    expect(await statusOf(home)).toMatchObject({ state: 'stopped' });
    expect(await sampan(['up', '--home', home])).toMatchObject({ code: 0 });
    const after = await statusOf(home);
    expect(after.endpoints).toEqual(before.endpoints);
    const kept = await sampan([
      'kubectl',
      '--home',
      home,
      'get',
      'configmap',
      'kept',
      '-o',
      'jsonpath={.data.a}',
    ]);
    expect(kept.stdout).toBe('1');
  });

  it('runs several homes side by side, each with its own objects', async () => {
    const [one, two] = [homes.at('one'), homes.at('two')];
    await Promise.all([up(one), up(two)]);
    await sampan(['kubectl', '--home', one, 'create', 'namespace', 'only-here']);
    const other = await sampan(['kubectl', '--home', two, 'get', 'namespaces', '-o', 'name']);
    expect(other.stdout).not.toContain('only-here');
    expect((await statusOf(one)).endpoints).not.toEqual((await statusOf(two)).endpoints);
  });

  it('stays in the terminal when asked to', async () => {
    const home = homes.at('foreground');
    const running = sampan(['up', '--foreground', '--home', home, '--port', String(await freePort())]);
    await expect.poll(async () => (await statusOf(home)).state, { timeout: 20_000 }).toBe('ready');
    expect(await sampan(['down', '--home', home])).toMatchObject({ code: 0 });
    const { code, stderr } = await running;
    expect(code).toBe(0);
    expect(stderr).toContain('"message":"ready"');
  });

  it('starts once when it is started twice at the same time', async () => {
    const home = homes.at('twice');
    const port = String(await freePort());
    const both = await Promise.all([1, 2].map(() => sampan(['up', '--home', home, '--port', port])));
    expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
    expect((await statusOf(home)).processes).toHaveLength(1);
  });

  it('deletes everything, but only when that is confirmed', async () => {
    const home = homes.at('reset');
    await up(home);
    const asked = await sampan(['reset', '--home', home]);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain('sampan reset --confirm');
    expect((await statusOf(home)).state).toBe('ready');
    expect(await sampan(['reset', '--confirm', '--home', home])).toMatchObject({ code: 0 });
    expect(await statusOf(home)).toMatchObject({ state: 'stopped' });
    expect(await sampan(['reset', '--confirm', '--home', home])).toMatchObject({ code: 0 });
  });

  it('never deletes or takes a folder that is no home', async () => {
    const folder = homes.at('documents');
    mkdirSync(folder);
    writeFileSync(join(folder, 'letter.txt'), 'dear');
    for (const command of [['reset', '--confirm'], ['up']]) {
      expect(await sampan([...command, '--home', folder])).toMatchObject({ code: 1 });
    }
    expect(readFileSync(join(folder, 'letter.txt'), 'utf8')).toBe('dear');
  });
});
