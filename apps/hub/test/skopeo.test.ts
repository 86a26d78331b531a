import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '@sampan/base';
import { hashPassword, MemoryDirectory } from '@sampan/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningHub, startHub } from '../src/start-hub.ts';

const run = promisify(execFile);
const PASSWORD = 'correct horse';

let folder: string;
let hub: RunningHub;
let host: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sampan-skopeo-'));
  const directory = new MemoryDirectory();
  directory.setAccount({ name: 'dev', hash: await hashPassword(PASSWORD), administrator: false });
  const members = new Map([['dev', 'maintainer']] as const);
  directory.setProject({ name: 'open', public: true, members });
  directory.setProject({ name: 'closed', public: false, members });
  hub = await startHub({ folder: join(folder, 'hub'), port: 0, directory, logger: silentLogger });
  host = new URL(hub.url).host;
  await writeLayout(join(folder, 'layout'));
});
afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true });
});

/** An OCI layout (image specification, "Image Layout") with one image of one layer. */
async function writeLayout(layout: string): Promise<void> {
  const blobs = join(layout, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const add = async (mediaType: string, content: string | Buffer) => {
    const hex = createHash('sha256').update(content).digest('hex');
    await writeFile(join(blobs, hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(content) };
  };
  // the smallest tar: two blocks of zeros, and padding so that it is no trifle
  const layer = await add('application/vnd.oci.image.layer.v1.tar', Buffer.alloc(1024 * 1024));
  const config = await add(
    'application/vnd.oci.image.config.v1+json',
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
      history: [{ created_by: 'test' }],
    }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await add(
    mediaType,
    JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }),
  );
  const tagged = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'v1' } };
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [tagged] }));
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

const skopeo = async (...args: string[]): Promise<string> =>
  (await run('skopeo', ['--insecure-policy', ...args], { timeout: 60_000 })).stdout;
const SOURCE = ['--src-tls-verify=false'];
const TARGET = ['--dest-tls-verify=false'];
const CREDENTIALS = `dev:${PASSWORD}`;

async function push(repository: string): Promise<void> {
  const layout = `oci:${join(folder, 'layout')}:v1`;
  await skopeo('copy', ...TARGET, '--dest-creds', CREDENTIALS, layout, `docker://${host}/${repository}`);
}

test('skopeo pushes an image that all may pull and look at', async () => {
  await push('open/app:v1');
  const inspected = JSON.parse(await skopeo('inspect', '--tls-verify=false', `docker://${host}/open/app:v1`));
  expect(inspected).toMatchObject({ Architecture: 'amd64', RepoTags: ['v1'] });
  const copy = join(folder, 'copy');
  await skopeo('copy', ...SOURCE, `docker://${host}/open/app:v1`, `dir:${copy}`);
  const tags = JSON.parse(await skopeo('list-tags', '--tls-verify=false', `docker://${host}/open/app`));
  expect(tags.Tags).toEqual(['v1']);
});

test('skopeo copies between repositories, as OCI and as Docker schema 2, and deletes', async () => {
  await push('closed/app:v1');
  const both = [...SOURCE, ...TARGET, '--src-creds', CREDENTIALS, '--dest-creds', CREDENTIALS];
  const from = `docker://${host}/closed/app:v1`;
  await skopeo('copy', ...both, '--format', 'v2s2', from, `docker://${host}/closed/team/other:v2`);
  const target = ['--tls-verify=false', '--creds', CREDENTIALS, `docker://${host}/closed/team/other:v2`];
  const raw = JSON.parse(await skopeo('inspect', '--raw', ...target));
  expect(raw.mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json');
  await skopeo('delete', ...target);
  await expect(skopeo('inspect', ...target)).rejects.toThrow(/manifest unknown/);
});

test('skopeo is refused without credentials, with wrong ones, and without rights', async () => {
  await push('closed/secret:v1');
  const inspect = (...args: string[]) =>
    skopeo('inspect', '--tls-verify=false', ...args, `docker://${host}/closed/secret:v1`);
  await expect(inspect()).rejects.toThrow(/authentication required|unauthorized/i);
  await expect(inspect('--creds', 'dev:wrong')).rejects.toThrow(
    /incorrect username or password|unauthorized/i,
  );
  await expect(push('elsewhere/app:v1')).rejects.toThrow(/authentication required|denied|unauthorized/i);
});
