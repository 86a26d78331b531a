import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { homeLayout, readSettings, writeSettings } from '@sampan/home';
import { buildImage } from '@sampan/kubelet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completions, Homes, type Outcome, type RunOptions, sampan, statusOf } from './command-line.ts';
import { freePort } from './free-port.ts';

const homes = new Homes();
const home = homes.at('h');
const person = join(homes.folder, 'person');
/** What a person's programs keep belongs to the test. */
const environment = {
  HOME: person,
  DOCKER_CONFIG: '',
  XDG_RUNTIME_DIR: '',
  XDG_CONFIG_HOME: '',
  REGISTRY_AUTH_FILE: '',
};
const authFile = join(homes.folder, 'auth.json');
const on = (words: string, options: RunOptions = {}): Promise<Outcome> =>
  sampan([...words.split(' '), '--home', home], {
    ...options,
    environment: { ...environment, REGISTRY_AUTH_FILE: authFile, ...options.environment },
  });

async function works(words: string, options?: RunOptions): Promise<string> {
  const outcome = await on(words, options);
  expect(outcome, `${words}: ${outcome.stderr}`).toMatchObject({ code: 0 });
  return outcome.stdout;
}
const json = async <T>(words: string): Promise<T> => JSON.parse(await works(words)) as T;

const archive = join(homes.folder, 'app.tar');
let host = '';

beforeAll(async () => {
  chmodSync(homes.folder, 0o755);
  mkdirSync(join(person, '.docker'), { recursive: true });
  const files = [{ path: 'random', content: randomBytes(2_000_000) }];
  writeFileSync(archive, buildImage({ name: 'example.com/app:7', files }));
  await works(`up --port ${await freePort()}`, { hub: true });
  host = ((await statusOf(home)) as { hub?: { url: string } }).hub?.url.replace('http://', '') ?? '';
  expect(host).toMatch(/^localhost:\d+$/);
});
afterAll(() => homes.clean());

describe('projects', () => {
  it('are made, changed and shown', async () => {
    expect(await works('hub project create shop --quota 1G --member ann=developer')).toBe(
      'project/shop created\n',
    );
    expect((await on('hub project create shop')).stderr).toContain('exists already');
    await works('hub project update shop --public --member group:qa=guest --member ann=none --immutable v*');
    const { spec } = await json<{ spec: object }>('hub project describe shop -o json');
    expect(spec).toMatchObject({
      public: true,
      quota: { bytes: 1e9 },
      members: [{ kind: 'Group', name: 'qa', role: 'guest' }],
      immutability: [{ tags: 'v*' }],
    });
    await works('hub project update shop --keep-last 3 --keep-pulled 30d');
    const noSchedule = await on('hub project update shop --schedule sometimes');
    expect(noSchedule).toMatchObject({ code: 1 });
    expect(noSchedule.stderr).toContain('sometimes');
    await works('hub project update shop --schedule none');
    expect(await works('hub project describe shop')).toContain('**:* keeps the last 3, or pulled in 30 d');
    expect(await works('hub project list')).toMatch(/^shop +public .* 1\.0 GB/m);
  });

  it('that are not there are said to be missing, with what was probably meant', async () => {
    expect((await on('hub project describe shpo')).stderr).toContain('Did you mean: shop');
    expect((await on('hub project create Shop')).code).toBe(2);
  });
});

describe('images', () => {
  it('are pushed from an archive, from a compressed one and from standard input', async () => {
    expect(await works(`hub push ${archive} shop/app:1 --tag latest`)).toContain(
      `${host}/shop/app:latest pushed (sha256:`,
    );
    const again = await json<{ movedBytes: number; name: string }>(`hub push ${archive} shop/app:2 -o json`);
    expect(again).toMatchObject({ movedBytes: 0, name: `${host}/shop/app:2` });
    writeFileSync(`${archive}.gz`, gzipSync(readFileSync(archive)));
    await works(`hub push ${archive}.gz hub.sampan.local/shop/app:3 --image example.com/app:7`);
    const refused = await on(`hub push ${archive} nowhere/app:1`);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('there is no project nowhere');
  });

  it('are pulled into a folder and into archives that other programs read', async () => {
    const folder = join(homes.folder, 'layout');
    await works(`hub pull shop/app:1 ${folder}`);
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { manifests: object[] };
    expect(index.manifests).toHaveLength(1);
    await works(`hub pull ${host}/shop/app:1 ${folder}.tar`);
    for (const name of [`oci:${folder}:1`, `oci-archive:${folder}.tar`, `docker-archive:${folder}.tar`]) {
      const { status, stderr } = spawnSync('skopeo', ['inspect', name], { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(status).toBe(0);
    }
    expect(await on(`hub pull shop/app:nine ${folder}-nine.tar`)).toMatchObject({ code: 1 });
    expect(existsSync(`${folder}-nine.tar`)).toBe(false);
  });

  it('are copied within the registry without moving a byte, with all tags if wanted', async () => {
    const copied = await json<{ movedBytes: number }>('hub copy shop/app:1 library/app -o json');
    expect(copied.movedBytes).toBe(0);
    expect((await works('hub copy shop/app library/all --all')).split('\n')).toHaveLength(5);
  });
});

describe('what the registry holds', () => {
  it('is listed, shown and deleted', async () => {
    await works(`hub push ${archive} library/old/app:1 --tag 2 --tag 3`);
    expect(await works('hub repo list library -o name')).toContain('library/old/app\n');
    expect(await works('hub repo describe library/old/app')).toMatch(/^Tags: +3$/m);
    expect(await works('hub tag list library/old/app')).toMatch(
      /^library\/old\/app:2 +sha256:\w{12} +2\.0 MB/m,
    );
    const { spec } = await json<{ spec: { digest: string } }>('hub tag describe library/old/app:2 -o json');
    expect(spec.digest).toMatch(/^sha256:/);
    const shown = await works('hub tag describe library/old/app:2');
    expect(shown).toMatch(/^Platform: +linux\/\w+$/m);
    expect(shown).toMatch(/^Layers: +sha256:\w{12} 2\.0 MB$/m);
    expect(await works('hub tag delete library/old/app:2')).toBe(`${host}/library/old/app:2 deleted\n`);
    expect(await on('hub tag describe library/old/app:2')).toMatchObject({ code: 1 });
    expect((await on('hub repo delete library/old/app')).stderr).toContain('--confirm=library/old/app');
    await works('hub repo delete library/old/app --confirm=library/old/app');
    expect(await works('hub repo list -o name')).not.toContain('old');
  });
});

describe('robots', () => {
  it('get a secret that is shown once, and a new one that ends it', async () => {
    const made = await json<{ name: string; secret: string }>(
      'hub robot create shop/ci --role developer --expires 90d -o json',
    );
    expect(made.name).toBe('shop/ci');
    const push = (secret: string, repository: string) =>
      spawnSync(
        'skopeo',
        [
          'copy',
          '--dest-tls-verify=false',
          '--dest-creds',
          `shop/ci:${secret}`,
          `oci-archive:${archive}`,
          `docker://${host}/${repository}`,
        ],
        { encoding: 'utf8' },
      );
    expect(push(made.secret, 'shop/app:ci')).toMatchObject({ status: 0 });
    expect(push(made.secret, 'library/app:ci').status).not.toBe(0);
    expect(await works('hub robot list shop')).toMatch(/^shop\/ci +shop\/ci +shop=developer/m);
    expect(await works('hub robot describe shop/ci -o yaml')).not.toContain(made.secret);
    const renewed = await json<{ secret: string }>('hub robot renew shop/ci -o json');
    expect(push(made.secret, 'shop/app:ci').status).not.toBe(0);
    expect(push(renewed.secret, 'shop/app:ci')).toMatchObject({ status: 0 });
    await works('hub robot update shop/ci --disable --role guest --expires never');
    const { spec } = await json<{ spec: object }>('hub robot describe shop/ci -o json');
    expect(spec).toMatchObject({ disabled: true, permissions: [{ project: 'shop', role: 'guest' }] });
    expect(spec).not.toHaveProperty('expiresAt');
    expect(push(renewed.secret, 'shop/app:ci').status).not.toBe(0);
    expect((await on('hub robot update shop/ci')).code).toBe(2);
    expect(await works('hub robot delete shop/ci')).toBe('robot/shop/ci deleted\n');
    expect((await on('hub robot describe shop/ci')).code).toBe(1);
  });
});

describe('logging in', () => {
  const docker = join(person, '.docker', 'config.json');

  it('needs no name on the own machine, and keeps what else is in the files', async () => {
    writeFileSync(docker, JSON.stringify({ auths: { 'ghcr.io': { auth: 'eDp5' } }, detachKeys: 'ctrl-x' }));
    expect(await works('hub login')).toContain(`Logged in to ${host} as robot/login-`);
    expect(await works('hub login')).toBe(`Logged in to ${host} already\n`);
    const config = JSON.parse(readFileSync(docker, 'utf8')) as { auths: object; detachKeys: string };
    expect(Object.keys(config.auths)).toEqual(['ghcr.io', host, host.replace('localhost', '127.0.0.1')]);
    expect(config.detachKeys).toBe('ctrl-x');
    expect(statSync(docker).mode & 0o777).toBe(0o600);
    const pushed = spawnSync(
      'skopeo',
      ['copy', `oci-archive:${archive}`, `docker://${host}/shop/app:login`],
      {
        encoding: 'utf8',
        env: { ...process.env, HOME: person, REGISTRY_AUTH_FILE: authFile },
      },
    );
    expect(pushed.stderr).not.toContain('level=fatal');
    expect(pushed.status).toBe(0);
    const plain = join(person, '.config/containers/registries.conf.d');
    expect(readdirSync(plain)).toEqual([`sampan-${host.replace(':', '-')}.conf`]);
    await works('hub logout');
    expect(readdirSync(plain)).toEqual([]);
    expect(Object.keys((JSON.parse(readFileSync(docker, 'utf8')) as { auths: object }).auths)).toEqual([
      'ghcr.io',
    ]);
    expect(await works('hub robot list')).toBe('');
  });

  it('as somebody wants the right password', async () => {
    const { password } = await json<{ password: string }>('user create ann -o json');
    const wrong = await on('hub login --user ann --password-stdin', { input: 'wrong\n' });
    expect(wrong).toMatchObject({ code: 1 });
    expect(readFileSync(docker, 'utf8')).not.toContain(host);
    expect(await works('hub login --user ann --password-stdin', { input: `${password}\n` })).toContain(
      ' as ann\n',
    );
    await works('hub logout');
  });
});

describe('looking after it', () => {
  it('shows what projects hold, collects what nobody needs, and finds that all is there', async () => {
    const { projects } = await json<{ projects: { bytes: number; tags: number }[] }>('hub usage -o json');
    expect(projects[0]?.tags).toBeGreaterThan(2);
    expect(projects[0]?.bytes).toBeGreaterThan(2_000_000);
    expect(await works('hub gc --dry-run')).toMatch(/^0 blobs of 0 kB would be deleted/);
    expect(await works('hub gc --grace 1h')).toMatch(/^0 blobs of 0 kB deleted/);
    expect(await works('hub fsck --read')).toBe('Nothing is wrong.\n');
    expect(await works('hub retention shop --dry-run')).toContain(' would be deleted\n');
    expect((await on('hub retention none')).stderr).toContain('there is no project none');
  });

  it('makes webhooks', async () => {
    await works('hub webhook create shop/ci http://ci.example/hook --event push,delete --filter app:v*');
    expect(await works('hub webhook list shop')).toMatch(
      /^shop\/ci +http:\/\/ci\.example\/hook +push,delete/m,
    );
    await works('hub webhook update shop/ci --filter v*');
    const changed = await json<{ spec: { filter: object } }>('hub webhook describe shop/ci -o json');
    expect(changed.spec.filter).toEqual({ tags: 'v*' });
    await works('hub webhook update shop/ci --disable --event push --filter none');
    const { spec } = await json<{ spec: object }>('hub webhook describe shop/ci -o json');
    expect(spec).toMatchObject({ disabled: true, events: ['push'], url: 'http://ci.example/hook' });
    expect(spec).not.toHaveProperty('filter');
    const replayed = await on('hub webhook replay shop/ci nothing');
    expect(replayed.stderr).toContain('It cannot be sent again: this webhook has no delivery nothing');
    expect((await on('hub webhook create shop/ci2 http://a/ --event cough')).stderr).toContain(
      'Known: push, pull',
    );
    const local = await on('hub webhook create shop/local http://localhost:9000/hook');
    expect(local.stderr).toMatch(
      /localhost leads to .* an administrator must add "localhost" to webhookHosts/,
    );
    writeSettings(homeLayout(home), { ...readSettings(homeLayout(home)), webhookHosts: ['localhost'] });
    await expect
      .poll(() => works('hub webhook describe shop/local'), { timeout: 10_000 })
      .toMatch(/^ +Ready +True/m);
    await works('hub webhook delete shop/ci shop/local');
  });

  it('is completed by the shell, with names of what there is', async () => {
    expect(await completions(home, ['hub', 'project', 'd'])).toEqual(['describe', 'delete']);
    expect(await completions(home, ['hub', 'project', 'delete', 'shop', '--confirm', 's'])).toEqual(['shop']);
    expect(await completions(home, ['hub', 'pull', 'shop/'])).toContain('shop/app');
  });

  it('deletes a project with what is in it only when that was said', async () => {
    expect((await on('hub project delete shop')).code).toBe(2);
    expect((await on('hub project delete shop --confirm=shop')).stderr).toContain('--with-content');
    expect(await works('hub project delete shop --confirm=shop --with-content')).toBe(
      'project/shop deleted\n',
    );
    expect(await works('hub project list -o name')).not.toContain('shop');
  });
});
