import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTest, CREDENTIALS, canRun, startClientTest } from './support.ts';

const run = promisify(execFile);

const able = await canRun('skopeo');

describe.skipIf(!able)('skopeo as a client', () => {
  let setup: ClientTest;
  let host: string;
  beforeAll(async () => {
    setup = await startClientTest();
    host = setup.host;
  });
  afterAll(() => setup[Symbol.asyncDispose]());

  const skopeo = async (...args: string[]): Promise<string> =>
    (await run('skopeo', ['--insecure-policy', ...args], { timeout: 60_000 })).stdout;
  const SOURCE = ['--src-tls-verify=false'];
  const TARGET = ['--dest-tls-verify=false'];

  async function push(repository: string): Promise<void> {
    const layout = `oci:${setup.layout}:v1`;
    await skopeo('copy', ...TARGET, '--dest-creds', CREDENTIALS, layout, `docker://${host}/${repository}`);
  }

  test('skopeo pushes an image that all may pull and look at', async () => {
    await push('open/app:v1');
    const inspected = JSON.parse(
      await skopeo('inspect', '--tls-verify=false', `docker://${host}/open/app:v1`),
    );
    expect(inspected).toMatchObject({ Architecture: 'amd64', RepoTags: ['v1'] });
    const copy = join(setup.folder, 'copy');
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
});
