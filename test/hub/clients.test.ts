import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeObject } from '@sampan/api';
import { createUser, homeLayout } from '@sampan/home';
import { PROJECTS, ROBOT_ACCOUNTS } from '@sampan/hub';
import { HttpClient, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { canRun, writeLayout } from '../../apps/hub/test/support.ts';
import { hubPortOf } from '../support/push-image.ts';
import { type Sampan, startSampan } from '../support/sampan.ts';
import { Buildah } from './buildah.ts';
import { buildahSuite, listsSuite, strangersSuite } from './buildah-suite.ts';
import { RegistryUser } from './registry-user.ts';
import type { Login, Way } from './ways.ts';

const run = promisify(execFile);
const WAIT = { timeout: 30_000 };
const API = 'hub.sampan.dev/v1';

const root = process.getuid?.() === 0;
if (!root) console.warn('not tested with buildah and containerd, which need root');
const skopeoIsHere = await canRun('skopeo');
const othersAreHere = root && (await canRun('buildah', 'containerd', 'ctr'));

describe.skipIf(!skopeoIsHere)('programs that people have, at a running server', () => {
  let folder: string;
  let sampan: Sampan;
  let client: HttpClient;
  let buildah: Buildah;
  let containerd: ChildProcess | undefined;
  const ways: Record<string, Way> = {};
  const logins: Record<string, Login> = {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sampan-clients-'));
    sampan = await startSampan({ hub: 0 });
    client = new HttpClient(sampan, { name: 'test' });
    await describeWays();
    await makeProjects();
    await writeLayout(join(folder, 'layout'));
    buildah = new Buildah(join(folder, 'buildah'));
    if (othersAreHere) containerd = await startContainerd();
  });
  afterAll(async () => {
    if (containerd?.kill('SIGTERM') && containerd.exitCode === null) await once(containerd, 'exit');
    client?.close();
    await sampan?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function describeWays(): Promise<void> {
    const certificates = join(folder, 'certificates');
    await mkdir(certificates);
    const ca = join(certificates, 'ca.crt');
    await writeFile(ca, sampan.ca);
    const plain = `127.0.0.1:${hubPortOf(sampan)}`;
    ways.HTTP = { host: plain, trust: ['--tls-verify=false'], ctr: ['--plain-http'] };
    const trust = ['--tls-verify=true', `--cert-dir=${certificates}`];
    const { host } = new URL(sampan.url);
    // of an address of this machine containerd takes for granted that it speaks plain HTTP
    const hosts = join(folder, 'hosts');
    await mkdir(join(hosts, host), { recursive: true });
    const told = `[host."${sampan.url}"]\nca = "${ca}"\n`;
    await writeFile(join(hosts, host, 'hosts.toml'), `server = "${sampan.url}"\n${told}`);
    ways.HTTPS = { host, trust, ctr: ['--hosts-dir', hosts] };
  }

  /** `closed`, with a user and a robot that may do all there, and `open`, from which all may pull. */
  async function makeProjects(): Promise<void> {
    const members = [{ kind: 'User', name: 'ann', role: 'maintainer' }];
    for (const [name, isPublic] of Object.entries({ closed: false, open: true })) {
      const spec = { public: isPublic, members };
      await client.create(PROJECTS, { apiVersion: API, kind: 'Project', metadata: { name }, spec });
    }
    const { password } = createUser(homeLayout(sampan.home), 'ann', []);
    await client.create(ROBOT_ACCOUNTS, {
      apiVersion: API,
      kind: 'RobotAccount',
      metadata: { name: 'ci' },
      spec: {
        permissions: ['closed', 'open'].map((project) => ({ project, role: 'maintainer' })),
        secretRef: { namespace: 'default', name: 'ci' },
      },
    });
    await vi.waitFor(async () => expect(await robotPassword()).not.toBe(''), WAIT);
    await logIn('a user', 'ann', password);
    await logIn('a robot', 'robot/ci', await robotPassword());
  }

  async function robotPassword(): Promise<string> {
    interface Secret extends KubeObject {
      data: Record<string, string>;
    }
    const { data } = await client.get<Secret>(REFS.secrets, 'default', 'ci');
    const text = Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString();
    const { auths } = JSON.parse(text) as { auths: Record<string, { password: string }> };
    return Object.values(auths)[0]?.password ?? '';
  }

  /** As `docker login` does, which keeps a refresh token in the place of the password. */
  async function logIn(who: string, name: string, password: string): Promise<void> {
    const url = `http://${ways.HTTP?.host}`;
    const user = new RegistryUser(() => url);
    const mayAll = async () => expect(await user.rights(name, password, 'closed/app')).toContain('delete');
    await vi.waitFor(mayAll, WAIT);
    const form = { grant_type: 'password', username: name, password, access_type: 'offline' };
    const answer = await fetch(`${url}/hub/token`, { method: 'POST', body: new URLSearchParams(form) });
    const { refresh_token: refresh } = (await answer.json()) as { refresh_token: string };
    logins[who] = { creds: `${name}:${password}`, refresh };
  }

  async function startContainerd(): Promise<ChildProcess> {
    const own = join(folder, 'containerd');
    await mkdir(own);
    const config = [
      'version = 2',
      `root = "${own}/root"`,
      `state = "${own}/state"`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
      `[grpc]\naddress = "${own}/c.sock"`,
    ];
    await writeFile(join(own, 'config.toml'), config.join('\n'));
    const child = spawn('containerd', ['--config', join(own, 'config.toml')], { stdio: 'ignore' });
    await once(child, 'spawn');
    await vi.waitFor(() => ctr('version'), { timeout: 20_000, interval: 100 });
    return child;
  }

  const way = (name: string): Way => ways[name] ?? { host: '', trust: [], ctr: [] };
  const login = (who: string): Login => logins[who] ?? { creds: '', refresh: '' };
  const skopeo = async (...args: string[]): Promise<string> =>
    (await run('skopeo', ['--insecure-policy', ...args], { timeout: 60_000 })).stdout;
  const side = (name: 'src' | 'dest', options: readonly string[]): string[] =>
    options.map((option) => option.replace(/^--/, `--${name}-`));
  const ctr = async (...args: string[]): Promise<string> =>
    (await run('ctr', ['--address', join(folder, 'containerd', 'c.sock'), ...args], { timeout: 60_000 }))
      .stdout;
  const parts = (name: string, who: string) => ({ buildah, way: way(name), login: login(who) });

  const MATRIX = ['HTTP', 'HTTPS'].flatMap((name) =>
    ['a user', 'a robot'].map((who) => [name, who] as const),
  );

  describe.each(MATRIX)('over %s as %s', (name, who) => {
    const repository = `closed/${name.toLowerCase()}/${who.replace(' ', '-')}`;

    test('skopeo pushes, lists, inspects, copies, pulls and deletes', async () => {
      const { host, trust } = way(name);
      const { creds } = login(who);
      const image = `docker://${host}/${repository}`;
      const at = [...trust, `--creds=${creds}`];
      await skopeo('copy', ...side('dest', at), `oci:${folder}/layout:v1`, `${image}:v1`);
      expect(JSON.parse(await skopeo('list-tags', ...at, image))).toMatchObject({ Tags: ['v1'] });
      expect(JSON.parse(await skopeo('inspect', ...at, `${image}:v1`))).toMatchObject({ Os: 'linux' });
      const copy = `docker://${host}/open/copy-${repository.replaceAll('/', '-')}:v2`;
      await skopeo('copy', ...side('src', at), ...side('dest', at), '--format=v2s2', `${image}:v1`, copy);
      await skopeo('copy', ...side('src', [...trust, '--no-creds']), copy, `dir:${folder}/${name}-${who}`);
      await skopeo('delete', ...at, copy);
      await expect(skopeo('inspect', ...at, copy)).rejects.toThrow('manifest unknown');
    });

    test('skopeo goes on with a refresh token alone', async () => {
      const { host, trust } = way(name);
      const file = join(folder, 'auth.json');
      const auth = Buffer.from('<token>:').toString('base64');
      const entry = { auth, identitytoken: login(who).refresh };
      await writeFile(file, JSON.stringify({ auths: { [host]: entry } }));
      const image = `docker://${host}/${repository}`;
      await skopeo(
        'copy',
        ...side('dest', [...trust, `--authfile=${file}`]),
        `oci:${folder}/layout:v1`,
        `${image}:v3`,
      );
      expect(await skopeo('list-tags', ...trust, `--authfile=${file}`, image)).toContain('v3');
    });

    test('who does not say who they are, or wrongly, gets nothing', async () => {
      const { host, trust } = way(name);
      const image = `docker://${host}/${repository}:v1`;
      await expect(skopeo('inspect', ...trust, '--no-creds', image)).rejects.toThrow(
        /unauthorized|authentication/i,
      );
      const wrong = `--creds=${login(who).creds}x`;
      await expect(skopeo('inspect', ...trust, wrong, image)).rejects.toThrow(
        /incorrect username|unauthorized/i,
      );
    });

    describe.runIf(othersAreHere)('buildah', () => buildahSuite(repository, () => parts(name, who)));

    test.skipIf(!othersAreHere)(
      'containerd pulls, and pushes what it pulled, also by a refresh token',
      async () => {
        const { host, ctr: options } = way(name);
        const { creds, refresh } = login(who);
        const image = `${host}/${repository}`;
        await ctr('content', 'fetch', ...options, '--user', creds, `${image}:v1`);
        await ctr('images', 'tag', '--force', `${image}:v1`, `${image}/again:v1`);
        await ctr('images', 'push', ...options, '--user', creds, `${image}/again:v1`);
        await ctr('images', 'rm', '--sync', `${image}:v1`, `${image}/again:v1`);
        await ctr('content', 'fetch', ...options, '--refresh', refresh, `${image}/again:v1`);
        expect(await ctr('images', 'ls', '-q')).toContain(`${image}/again:v1`);
        await ctr('images', 'rm', '--sync', `${image}/again:v1`);
      },
    );
  });

  describe.runIf(othersAreHere).each(['HTTP', 'HTTPS'])('buildah over %s', (name) => {
    const repository = `buildah-${name.toLowerCase()}`;
    listsSuite(`closed/${repository}`, () => parts(name, 'a user'));
    strangersSuite(repository, () => parts(name, 'a user'));
  });
});
