import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeLayout, readNodeState } from '@sampan/home';
import { buildImage } from '@sampan/kubelet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Homes, type Outcome, type RunOptions, sampan } from './command-line.ts';
import { canRunContainers } from './containers.ts';
import { freePort } from './free-port.ts';
import { startRegistry } from './registry.ts';

const homes = new Homes();
// short: sockets' paths are
const home = homes.at('c');
const on = (words: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
  sampan([...words.slice(0, 1), '--home', home, ...words.slice(1)], { ...options, containers: true });

async function works(...words: string[]): Promise<string> {
  const outcome = await on(words);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  return outcome.stdout;
}

const urlIn = (text: string): string => /http:\/\/127\.0\.0\.1:\d+\//.exec(text)?.[0] ?? '';
const page = async (url: string): Promise<string> => (await fetch(url)).text();
const IMAGE = 'hub.sampan.local/library/hello:1';

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly ready: number;
}

const apps = async (): Promise<Listed[]> => JSON.parse(await works('ps', '-o', 'json')) as Listed[];

describe.runIf(canRunContainers())('containers', () => {
  let started = '';

  beforeAll(async () => {
    // the process that holds clusters is not root's
    chmodSync(homes.folder, 0o755);
    started = await works('up', '--port', String(await freePort()));
  }, 120_000);
  afterAll(() => homes.clean(), 120_000);

  it('begin with a page that answers', async () => {
    expect(await page(urlIn(started))).toContain('<h1>It works.</h1>');
    expect(started).toMatch(/kubeconfig > ~\/\.kube\/sampan/);
    expect(await works('open', 'hello')).toBe(`${urlIn(started)}\n`);
    expect(await apps()).toEqual([expect.objectContaining({ name: 'hello', state: 'Running', ready: 1 })]);
    const status = await works('status');
    expect(status).toMatch(/^Containers \S+: ready$/m);
    expect(status).toContain('No application is in trouble.');
  });

  it('run, scale and go without YAML', async () => {
    const ran = await works(
      'run',
      IMAGE,
      '--name',
      'web',
      '-p',
      '8080',
      '-e',
      'A=1',
      '--',
      'httpd',
      '-f',
      '-p',
      '8080',
      '-h',
      '/bin',
    );
    expect(ran).toContain('deployment/web created\nservice/web created\nweb runs at http://127.0.0.1:');
    expect((await fetch(`${urlIn(ran)}busybox`)).status).toBe(200);
    expect(await works('scale', 'web', '2')).toBe('deployment/web scaled to 2\n');
    await expect
      .poll(async () => (await apps()).find(({ name }) => name === 'web')?.ready, { timeout: 30_000 })
      .toBe(2);
    expect(await works('rm', 'web')).toBe('deployment/web deleted\nservice/web deleted\n');
    expect((await apps()).map(({ name }) => name)).toEqual(['hello']);
  });

  it('tell what they say, and run commands', async () => {
    const ran = await works(
      'run',
      IMAGE,
      '--name',
      'talk',
      '--',
      'sh',
      '-c',
      'echo one; echo two; exec sleep 1000',
    );
    expect(ran).toContain('talk runs.');
    expect(await works('logs', 'talk')).toBe('one\ntwo\n');
    expect(await works('logs', 'talk', '--tail', '1')).toBe('two\n');
    const failing = await on(['exec', 'talk', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
    expect(failing).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
    const piped = await on(['exec', '-i', 'talk', '--', 'wc', '-c'], { input: 'x'.repeat(300_000) });
    expect(piped).toMatchObject({ code: 0, stdout: '300000\n' });
    const missing = await on(['exec', 'talk', '--', '/no/such/program']);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('no such file or directory');
    expect(await on(['logs', 'nobody'])).toMatchObject({ code: 1 });
    expect(await works('logs', '--node')).toContain('"message":"ready"');
    await works('rm', 'talk');
  });

  it('that cannot run are named, with the reason and what to do', async () => {
    const bad = await on(['run', 'none.invalid/image', '--name', 'bad']);
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/bad: its image cannot be had \((ErrImagePull|ImagePullBackOff), pod bad-/);
    expect(bad.stderr).toContain('is this machine online?');
    const crash = await on(['run', IMAGE, '--name', 'crash', '--', 'sh', '-c', 'exit 3']);
    expect(crash.code).toBe(1);
    expect(crash.stderr).toMatch(/crash: its program ends \(CrashLoopBackOff, pod .*exit code 3/);
    const wrong = await on(['run', IMAGE, '--name', 'wrong', '--', '/no/such/program']);
    expect(wrong.stderr).toMatch(/wrong: its containers cannot be started \(.*no such file or directory/);
    const status = await works('status');
    for (const name of ['bad', 'crash', 'wrong']) expect(status).toContain(`\n${name}: `);
    const deaf = await on(['run', IMAGE, '--name', 'deaf', '-p', '99', '--', 'sleep', '1000']);
    expect(deaf).toMatchObject({ code: 0, stderr: expect.stringContaining('no connections on port 99') });
    expect(await works('rm', 'deaf', 'bad', 'crash', 'wrong')).toContain('deployment/wrong deleted');
  });

  it('are applied from files, and printed as files', async () => {
    const file = join(homes.folder, 'app.yaml');
    writeFileSync(file, await works('run', IMAGE, '--name', 'filed', '--dry-run', '--', 'sleep', '1000'));
    expect(await works('apply', '-f', file)).toBe('deployment/filed applied\n');
    await expect
      .poll(async () => (await apps()).find(({ name }) => name === 'filed')?.ready, { timeout: 30_000 })
      .toBe(1);
    await works('rm', 'deployment/filed');
  });

  it('take images from files, and lose them again', async () => {
    const name = 'sampan.local/loaded:1';
    const file = join(homes.folder, 'image.tar');
    writeFileSync(file, buildImage({ name, files: [{ path: 'a', content: Buffer.from('a') }] }));
    expect(await onImage('load', file)).toMatchObject({ code: 0, stdout: `${name} loaded\n` });
    expect((await onImage('ls', '-o', 'name')).stdout).toContain(`${name}\n`);
    expect(await onImage('rm', name)).toMatchObject({ code: 0 });
    expect((await onImage('ls', '-o', 'name')).stdout).not.toContain(name);
    expect(await onImage('rm', name)).toMatchObject({ code: 1 });
  });

  it('take images from mirrors with a login', async () => {
    const registry = await startRegistry('registry.test/team/app:1', 'ann:secret');
    try {
      const add = ['registry', 'add', 'registry.test', '--mirror', registry.url, '--home', home];
      expect(await sampan(add)).toMatchObject({ code: 0 });
      expect((await onImage('pull', 'registry.test/team/app:1')).code).toBe(1);
      const login = [...add, '--user', 'ann', '--password-stdin'];
      expect(await sampan(login, { input: 'secret\n' })).toMatchObject({ code: 0 });
      expect(await onImage('pull', 'registry.test/team/app:1')).toMatchObject({ code: 0 });
      expect(registry.served).toContain('/v2/team/app/manifests/1');
      const listed = await sampan(['registry', 'list', '--home', home]);
      expect(listed.stdout).toMatch(/^registry\.test {3}http:\/\/127\.0\.0\.1:\d+ +ann /m);
      expect(listed.stdout + listed.stderr).not.toContain('secret');
      expect(await sampan(['registry', 'remove', 'registry.test', '--home', home])).toMatchObject({
        code: 0,
      });
    } finally {
      registry.close();
    }
  });

  it('run in a second cluster after the four commands of the README', async () => {
    const root = join(import.meta.dirname, '../../..');
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const block = readme.split('```').find((text) => text.includes('cluster create dev')) ?? '';
    const [up, ...commands] = block.trim().split('\n').slice(1);
    expect(up).toBe('make up');
    expect(commands).toHaveLength(3);
    let said = '';
    for (const command of commands) {
      const words = (command.split('#')[0] ?? '').trim().split(/\s+/).slice(1);
      const outcome = await sampan([...words, '--home', home], { cwd: root });
      expect(outcome, command).toMatchObject({ code: 0 });
      said = outcome.stdout;
    }
    // the last one shows it, a moment later running
    expect(said).toMatch(/\nhello +Deployment /);
    const inDev = (...words: string[]) => sampan([...words, '--cluster', 'dev', '--home', home]);
    await expect
      .poll(async () => (await inDev('ps')).stdout, { timeout: 30_000 })
      .toMatch(/\nhello +Deployment +1\/1 +Running /);
    const { stdout: url } = await inDev('open', 'hello', '--print');
    expect(url).not.toContain('127.0.0.1');
    expect(await page(url.trim())).toContain('It works.');
    const inside = await sampan([
      'exec',
      'hello',
      '--cluster',
      'dev',
      '--home',
      home,
      '--',
      'echo',
      'inside',
    ]);
    expect(inside.stdout).toBe('inside\n');
    expect((await inDev('logs', 'hello')).code).toBe(0);
    const ended = ['cluster', 'delete', 'dev', '--confirm=dev', '--now', '--home', home];
    expect(await sampan(ended)).toMatchObject({ code: 0 });
    expect((await apps()).map(({ name }) => name)).toContain('hello');
  });

  it('of another home do not disturb them', async () => {
    const other = homes.at('d');
    const up = ['up', '--home', other, '--port', String(await freePort())];
    const second = await sampan(up, { containers: true });
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(urlIn(second.stdout)).not.toBe(urlIn(started));
    expect(await page(urlIn(second.stdout))).toContain('It works.');
    expect(await sampan(['reset', '--confirm', '--home', other])).toMatchObject({ code: 0 });
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(other);
    expect(await page(urlIn(started))).toContain('It works.');
  });

  it('of a sample that fails make "up" fail, and it says at which step', async () => {
    const patch = {
      spec: { template: { spec: { containers: [{ name: 'web', image: 'none.invalid/x' }] } } },
    };
    await works(
      'kubectl',
      'patch',
      'deployment',
      'hello',
      '--patch',
      JSON.stringify({ ...patch, strategy: null }),
    );
    await works('kubectl', 'scale', 'deployment', 'hello', '--replicas=0');
    await works('kubectl', 'scale', 'deployment', 'hello', '--replicas=1');
    const outcome = await on(['up']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/^Error: The sample does not run\. hello: its image cannot be had/m);
  });

  it('of a sample that was removed stay away', async () => {
    expect(await works('rm', 'hello')).toBe(
      'deployment/hello deleted\nservice/hello deleted\nconfigmap/hello deleted\n',
    );
    const again = await works('up');
    expect(again).not.toContain('The sample application');
    expect(await apps()).toEqual([]);
  });

  it('all end with "down", and nothing of them is left', async () => {
    await works('run', IMAGE, '--name', 'last', '--', 'sleep', '1000');
    expect(await works('down')).toContain('Sampan is stopped');
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(home);
    expect(await on(['status'])).toMatchObject({ code: 1 });
    expect(await endWhileWaiting()).toBe(0);
    await works('up');
    // it comes back with everything else
    await expect
      .poll(apps, { timeout: 30_000 })
      .toEqual([expect.objectContaining({ name: 'last', state: 'Running' })]);
  });
});

const onImage = (...words: string[]): Promise<Outcome> => sampan(['image', ...words, '--home', home]);

/** A node process that finds no server, as after a reboot: it waits, and ends when it is told to. Its exit code. */
async function endWhileWaiting(): Promise<number | null> {
  const main = join(import.meta.dirname, '../../node/src/main.ts');
  const options = ['--disable-warning=ExperimentalWarning', main, `--home=${home}`];
  const child = spawn(process.execPath, options, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const isStarting = () => readNodeState(homeLayout(home))?.state === 'starting';
  await expect.poll(isStarting, { timeout: 20_000 }).toBe(true);
  child.kill('SIGTERM');
  const [code] = (await ended) as [number | null];
  return code;
}
