import { expect, test } from 'vitest';
import type { Buildah } from './buildah.ts';
import type { Login, Way } from './ways.ts';

interface BuildahParts {
  readonly buildah: Buildah;
  readonly way: Way;
  readonly login: Login;
}

const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

const DENIED = /unauthorized|authentication required|denied/i;

/** What buildah does for one who may all, in a repository of a closed project. */
export function buildahSuite(repository: string, parts: () => BuildahParts): void {
  test('buildah builds an image, pushes it, pulls it again and builds on it', async () => {
    const { buildah, way, login } = parts();
    const image = `${way.host}/${repository}/built`;
    const at = [...way.trust, `--creds=${login.creds}`];
    await buildah.build(`${image}:v1`, 'scratch', 'first');
    await buildah.run('push', ...at, `${image}:v1`);
    await buildah.run('rmi', `${image}:v1`);
    await buildah.build(`${image}:v2`, `${image}:v1`, 'second', ...at);
    await buildah.run('push', ...at, '--format=v2s2', `${image}:v2`);
    await buildah.run('rmi', `${image}:v2`, `${image}:v1`);
    await buildah.run('pull', ...at, '--all-tags', image);
    expect(await names(buildah)).toEqual(expect.arrayContaining([`${image}:v1`, `${image}:v2`]));
    expect(await layersOf(buildah, `${image}:v2`)).toEqual([
      ...(await layersOf(buildah, `${image}:v1`)),
      expect.stringMatching(/^sha256:/),
    ]);
    expect((await inspect(buildah, `${image}:v2`)).Manifest).toContain(DOCKER_MANIFEST);
    await buildah.run('rmi', `${image}:v1`, `${image}:v2`);
  });

  test('buildah goes by what a login keeps, until it logs out', async () => {
    const { buildah, way, login } = parts();
    const image = `${way.host}/${repository}/logged-in:v1`;
    const at = await buildah.logIn(way.host, login, way.trust);
    await buildah.build(image, 'scratch', 'file');
    await buildah.run('push', ...at, image);
    await buildah.run('pull', ...at, '--policy=always', image);
    await buildah.run('logout', ...at.filter((option) => option.startsWith('--authfile')), way.host);
    await expect(buildah.run('push', ...at, image)).rejects.toThrow(DENIED);
    await buildah.run('rmi', image);
  });

  test('buildah goes on with a refresh token alone', async () => {
    const { buildah, way, login } = parts();
    const image = `${way.host}/${repository}/refreshed:v1`;
    const at = buildah.withRefresh(way.host, login, way.trust);
    await buildah.build(image, 'scratch', 'file');
    await buildah.run('push', ...at, image);
    await buildah.run('pull', ...at, '--policy=always', image);
    await buildah.run('rmi', image);
  });
}

/** What buildah does with lists of images (multi-architecture). */
export function listsSuite(repository: string, parts: () => BuildahParts): void {
  test('buildah pushes a list of images with all that is in it, and pulls one of them by the list', async () => {
    const { buildah, way, login } = parts();
    const image = `${way.host}/${repository}/list`;
    const at = [...way.trust, `--creds=${login.creds}`];
    const list = `${image}:all`;
    await buildah.run('manifest', 'create', list);
    for (const arch of ['amd64', 'arm64']) {
      await buildah.build(`${image}:${arch}`, 'scratch', arch, `--platform=linux/${arch}`);
      await buildah.run('manifest', 'add', list, `${image}:${arch}`);
    }
    await buildah.run('manifest', 'push', ...at, '--all', list, `docker://${list}`);
    await buildah.run('manifest', 'rm', list);
    await buildah.run('rmi', `${image}:amd64`, `${image}:arm64`);
    await buildah.run('pull', ...at, '--arch=arm64', list);
    expect((await inspect(buildah, list)).OCIv1.architecture).toBe('arm64');
    await buildah.run('rmi', list);
  });
}

/** What buildah does for one who does not say who they are, or wrongly. */
export function strangersSuite(repository: string, parts: () => BuildahParts): void {
  test('anybody pulls from a public project by buildah and builds on it, but pushes nothing', async () => {
    const { buildah, way, login } = parts();
    const at = buildah.asNobody(way.trust);
    const image = `${way.host}/open/${repository}:v1`;
    await buildah.build(image, 'scratch', 'file');
    await buildah.run('push', ...way.trust, `--creds=${login.creds}`, image);
    await expect(buildah.run('push', ...at, image)).rejects.toThrow(DENIED);
    await buildah.run('rmi', image);
    await buildah.run('pull', ...at, image);
    await buildah.run('rmi', image);
    await buildah.build('localhost/on-top:v1', image, 'second', ...at);
    expect(await layersOf(buildah, 'localhost/on-top:v1')).toHaveLength(2);
    await buildah.run('rmi', 'localhost/on-top:v1', image);
  });

  test('from a closed project buildah gets nothing without the right password', async () => {
    const { buildah, way, login } = parts();
    const image = `${way.host}/closed/${repository}:v1`;
    await buildah.build(image, 'scratch', 'file');
    await buildah.run('push', ...way.trust, `--creds=${login.creds}`, image);
    await buildah.run('rmi', image);
    await expect(buildah.run('pull', ...buildah.asNobody(way.trust), image)).rejects.toThrow(DENIED);
    const wrong = [...way.trust, `--creds=${login.creds}x`];
    await expect(buildah.run('pull', ...wrong, image)).rejects.toThrow(/incorrect username|unauthorized/i);
    await expect(buildah.logIn(way.host, { ...login, creds: `${login.creds}x` }, way.trust)).rejects.toThrow(
      /incorrect username|unauthorized|invalid username/i,
    );
  });
}

async function names(buildah: Buildah): Promise<string[]> {
  return (await buildah.run('images', '--format', '{{.Name}}:{{.Tag}}')).split('\n');
}

interface Inspected {
  readonly OCIv1: { readonly architecture: string; readonly rootfs: { readonly diff_ids: string[] } };
  /** As it was pulled. */
  readonly Manifest: string;
}

async function inspect(buildah: Buildah, image: string): Promise<Inspected> {
  return JSON.parse(await buildah.run('inspect', '--type=image', image)) as Inspected;
}

async function layersOf(buildah: Buildah, image: string): Promise<string[]> {
  return (await inspect(buildah, image)).OCIv1.rootfs.diff_ids;
}
