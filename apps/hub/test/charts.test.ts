import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CREDENTIALS, canRun, startClientTest } from './support.ts';

const run = promisify(execFile);

const able = await canRun('skopeo', 'curl', 'tar');

test.skipIf(!able)(
  'curl uploads a chart, skopeo copies it as the artifact that it is, and both are listed',
  async () => {
    await using setup = await startClientTest();
    const { folder, hub, host } = setup;
    await mkdir(join(folder, 'web'));
    await writeFile(join(folder, 'web', 'Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 1.0.0+x\n');
    const chart = join(folder, 'web-1.0.0.tgz');
    await run('tar', ['-C', folder, '-czf', chart, 'web/Chart.yaml']);
    const curl = async (...args: string[]) =>
      (await run('curl', ['-sS', '--fail-with-body', ...args])).stdout;
    const uploaded = await curl(
      '-u',
      CREDENTIALS,
      '-F',
      `chart=@${chart}`,
      `${hub.url}/hub/api/charts/open/charts`,
    );
    expect(JSON.parse(uploaded)).toEqual({ saved: true });
    const [source, target] = [
      `docker://${host}/open/charts/web:1.0.0_x`,
      `docker://${host}/closed/mirror/web:1.0.0_x`,
    ];
    const plain = ['--src-tls-verify=false', '--dest-tls-verify=false', '--dest-creds', CREDENTIALS];
    await run('skopeo', ['--insecure-policy', 'copy', ...plain, source, target], { timeout: 60_000 });
    for (const [project, login] of [
      ['open', []],
      ['closed', ['-u', CREDENTIALS]],
    ] as const) {
      const index = JSON.parse(
        await curl(...login, '--compressed', `${hub.url}/hub/charts/${project}/index.yaml`),
      );
      const [entry] = index.entries.web;
      expect(entry).toMatchObject({ name: 'web', version: '1.0.0+x', urls: ['web-1.0.0+x.tgz'] });
      const got = join(folder, `${project}.tgz`);
      await curl(...login, '-o', got, `${hub.url}/hub/charts/${project}/${entry.urls[0]}`);
      expect(await readFile(got)).toEqual(await readFile(chart));
    }
    await expect(curl(`${hub.url}/hub/charts/closed/index.yaml`)).rejects.toThrow('401');
  },
);
