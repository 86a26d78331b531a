import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { systemClock } from '@sampan/base';
import { digestOf } from '@sampan/blobs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART_CONFIG, CHART_CONTENT, CHART_PROVENANCE } from '../src/charts/media-types.ts';
import { basic, OCI_MANIFEST, type OpenRecords, PASSWORD, TestHub } from './support.ts';

type Entry = Record<string, unknown> & { version: string; digest: string; urls: string[]; created: string };
interface Index {
  readonly apiVersion: string;
  readonly serverInfo: object;
  readonly generated: string;
  readonly entries: Readonly<Record<string, Entry[]>>;
}

/** The classic chart repository, over either database. */
export function chartsSuite(openRecords?: OpenRecords): void {
  let hub: TestHub;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sampan-charts-'));
    hub = await TestHub.start(systemClock, [], { openRecords });
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** A chart as `helm package` makes it. */
  async function packageChart(name: string, version: string, more = ''): Promise<Buffer<ArrayBuffer>> {
    const place = await mkdtemp(join(folder, 'chart-'));
    await mkdir(join(place, name, 'templates'), { recursive: true });
    await writeFile(
      join(place, name, 'Chart.yaml'),
      `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: "of ${name}"\n${more}`,
    );
    await writeFile(join(place, name, 'templates', 'a.yaml'), 'kind: ConfigMap\n');
    const archive = join(place, 'chart.tgz');
    execFileSync('tar', ['-C', place, '-czf', archive, `${name}/Chart.yaml`, `${name}/templates`]);
    return Buffer.from(await readFile(archive));
  }

  const authorization = basic('dev', PASSWORD);

  function send(
    method: string,
    path: string,
    init: RequestInit & { duplex?: 'half' } = {},
  ): Promise<Response> {
    // a password takes its time, and reading is free in a public project
    const own = method === 'GET' || method === 'HEAD' ? {} : { authorization };
    return fetch(`${hub.url}${path}`, { ...init, method, headers: { ...own, ...init.headers } });
  }

  const upload = (project: string, chart: Buffer<ArrayBuffer>, query = '') =>
    send('POST', `/hub/api/charts/${project}/charts${query}`, { body: chart });

  async function indexOf(project: string): Promise<Index> {
    const answer = await send('GET', `/hub/charts/${project}/index.yaml`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    // readers take it for either
    expect(parse(text)).toEqual(JSON.parse(text));
    return JSON.parse(text) as Index;
  }

  const versionsOf = async (name: string) =>
    ((await indexOf('open')).entries[name] ?? []).map(({ version }) => version);

  const errorIn = async (answer: Response) => ((await answer.json()) as { error: string }).error;

  /** As `helm push` does it. */
  async function pushOci(
    repository: string,
    config: object,
    chart: Buffer<ArrayBuffer>,
    tag: string,
  ): Promise<string> {
    const client = await hub.client(repository);
    const bytes = Buffer.from(JSON.stringify(config));
    const describe = async (mediaType: string, content: Buffer<ArrayBuffer>) => ({
      mediaType,
      digest: await client.pushBlob(content),
      size: content.length,
    });
    const put = await client.putManifest(tag, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: await describe(CHART_CONFIG, bytes),
      layers: [await describe(CHART_CONTENT, chart)],
    });
    expect(put.status).toBe(201);
    return put.headers.get('docker-content-digest') ?? '';
  }

  test('a chart pushed as an OCI artifact is in the classic repository, to be had byte by byte', async () => {
    const chart = await packageChart('web', '1.0.0+build.1');
    const config = { apiVersion: 'v2', name: 'web', version: '1.0.0+build.1', keywords: ['http'] };
    await pushOci('open/team/web', config, chart, '1.0.0_build.1');
    const { apiVersion, serverInfo, entries } = await indexOf('open');
    expect([apiVersion, serverInfo]).toEqual(['v1', { contextPath: '/hub' }]);
    const [entry] = entries.web ?? [];
    const digest = createHash('sha256').update(chart).digest('hex');
    expect(entry).toMatchObject({ ...config, digest, urls: ['web-1.0.0+build.1.tgz'] });
    expect(Date.parse(entry?.created ?? '')).toBeGreaterThan(Date.now() - 60_000);
    for (const file of ['web-1.0.0+build.1.tgz', 'web-1.0.0%2Bbuild.1.tgz', 'charts/web-1.0.0+build.1.tgz']) {
      // anonymous: the project is public
      const answer = await fetch(`${hub.url}/hub/charts/open/${file}`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/gzip']);
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(chart);
    }
    const part = await send('GET', '/hub/charts/open/web-1.0.0+build.1.tgz', {
      headers: { range: 'bytes=0-1' },
    });
    expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, chart.subarray(0, 2)]);
    const unsigned = await send('GET', '/hub/charts/open/web-1.0.0+build.1.tgz.prov');
    expect(unsigned.status).toBe(404);
  });

  test('the index stands until a chart comes or goes: its ETag says so', async () => {
    await upload('open', await packageChart('tagged', '1.0.0'));
    const first = await send('GET', '/hub/charts/open/index.yaml');
    const etag = first.headers.get('etag') ?? '';
    const client = await hub.client('open/no-chart');
    await client.putManifest('v1', await client.image());
    const same = await send('GET', '/hub/charts/open/index.yaml', {
      headers: { 'if-none-match': `W/${etag}` },
    });
    expect([same.status, await same.text()]).toEqual([304, '']);
    await upload('open', await packageChart('tagged', '1.1.0'));
    const other = await send('GET', '/hub/charts/open/index.yaml', { headers: { 'if-none-match': etag } });
    expect(other.status).toBe(200);
    const head = await send('HEAD', '/hub/charts/open/index.yaml');
    expect(head.headers.get('etag')).toBe(other.headers.get('etag'));
    // fetch unpacks what it gets
    const text = await other.text();
    expect(other.headers.get('content-encoding')).toBe('gzip');
    for (const encoding of ['identity', 'gzip;q=0, br', 'br']) {
      const headers = { 'accept-encoding': encoding, 'if-none-match': etag };
      const plain = await send('GET', '/hub/charts/open/index.yaml', { headers });
      expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, text]);
      expect(plain.headers.get('etag')).not.toBe(head.headers.get('etag'));
    }
  });

  test('a chart uploaded as by helm cm-push is an OCI artifact as helm push makes it', async () => {
    const chart = await packageChart('pushed', '2.0.0', 'appVersion: 1.5\nkeywords: [a, b]\n');
    const form = new FormData();
    form.append('chart', new Blob([chart]), '/tmp/pushed-2.0.0.tgz');
    const answer = await send('POST', '/hub/api/charts/open/charts', { body: form });
    expect([answer.status, await answer.json()]).toEqual([201, { saved: true }]);
    const client = await hub.client('open/charts/pushed');
    const manifest = (await (await client.send('GET', 'manifests/2.0.0')).json()) as {
      config: { digest: string; mediaType: string };
      layers: { digest: string }[];
    };
    expect(manifest.config.mediaType).toBe(CHART_CONFIG);
    expect(manifest.layers.map(({ digest }) => digest)).toEqual([digestOf(chart)]);
    const config = await client.send('GET', `blobs/${manifest.config.digest}`);
    expect(await config.json()).toEqual({
      apiVersion: 'v2',
      name: 'pushed',
      version: '2.0.0',
      description: 'of pushed',
      appVersion: '1.5',
      keywords: ['a', 'b'],
    });
  });

  test('a chart of many bytes is kept whole', async () => {
    const chart = await packageChart('large', '1.0.0', `home: ${randomBytes(400_000).toString('hex')}\n`);
    expect(chart.length).toBeGreaterThan(300_000);
    const pushed = await upload('open', chart);
    expect(pushed.status, await pushed.text()).toBe(201);
    const read = await send('GET', '/hub/charts/open/large-1.0.0.tgz');
    expect(Buffer.from(await read.arrayBuffer()).equals(chart)).toBe(true);
  });

  test('a version is replaced only by force; the same content again is no conflict', async () => {
    const [first, second] = [
      await packageChart('once', '1.0.0'),
      await packageChart('once', '1.0.0', 'home: x\n'),
    ];
    expect((await upload('open', first)).status).toBe(201);
    expect((await upload('open', first)).status).toBe(201);
    const refused = await upload('open', second);
    expect([refused.status, await errorIn(refused)]).toEqual([
      409,
      'once-1.0.0 is there already, with other content',
    ]);
    expect((await upload('open', second, '?force')).status).toBe(201);
    const read = await send('GET', '/hub/charts/open/once-1.0.0.tgz');
    expect(Buffer.from(await read.arrayBuffer())).toEqual(second);
    expect((await indexOf('open')).entries.once).toHaveLength(1);
    await pushOci('open/elsewhere/twice', { name: 'twice', version: '1.0.0' }, first, '1.0.0');
    const elsewhere = await upload('open', await packageChart('twice', '1.0.0'), '?force');
    expect([elsewhere.status, await errorIn(elsewhere)]).toEqual([
      409,
      'twice-1.0.0 is there already, pushed to open/elsewhere/twice',
    ]);
  });

  test('of two who upload or delete a version at once, the second sees what the first did', async () => {
    const charts = [
      await packageChart('racing', '1.0.0'),
      await packageChart('racing', '1.0.0', 'home: a\n'),
    ];
    const uploaded = await Promise.all(charts.map((chart) => upload('open', chart)));
    expect(uploaded.map(({ status }) => status).sort()).toEqual([201, 409]);
    const remove = () => send('DELETE', '/hub/api/charts/open/racing/1.0.0');
    const removed = await Promise.all([remove(), remove()]);
    expect(removed.map(({ status }) => status).sort()).toEqual([200, 404]);
  });

  test('charts are listed and deleted as ChartMuseum does; a tag or manifest that goes takes its chart along', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0'])
      await upload('open', await packageChart('many', version));
    const all = (await (await send('GET', '/hub/api/charts/open')).json()) as Index['entries'];
    expect(all.many).toHaveLength(3);
    const some = (await (await send('GET', '/hub/api/charts/open/charts/many')).json()) as Entry[];
    expect(some).toEqual(all.many);
    const one = (await (await send('GET', '/hub/api/charts/open/many/1.1.0')).json()) as Entry;
    expect(one).toEqual(some.find(({ version }) => version === '1.1.0'));
    const gone = await send('DELETE', '/hub/api/charts/open/many/1.1.0');
    expect([gone.status, await gone.json()]).toEqual([200, { deleted: true }]);
    expect((await send('DELETE', '/hub/api/charts/open/charts/many/1.1.0')).status).toBe(404);
    expect((await send('GET', '/hub/charts/open/many-1.1.0.tgz')).status).toBe(404);
    const client = await hub.client('open/charts/many');
    expect(await (await client.send('GET', 'tags/list')).json()).toMatchObject({ tags: ['1.0.0', '1.2.0'] });
    await client.send('DELETE', 'manifests/1.0.0');
    expect(await versionsOf('many')).toEqual(['1.2.0']);
    const head = await client.send('HEAD', 'manifests/1.2.0');
    await client.send('DELETE', `manifests/${head.headers.get('docker-content-digest')}`);
    expect(await versionsOf('many')).toEqual([]);
    await upload('open', await packageChart('many', '1.1.0'));
    await client.putManifest('1.1.0', await client.image());
    expect(await versionsOf('many')).toEqual([]);
  });

  test('signatures come with the chart or later, and must be of that chart', async () => {
    const chart = await packageChart('signed', '1.0.0');
    const sum = createHash('sha256').update(chart).digest('hex');
    const provenance = (hex: string) =>
      `-----BEGIN PGP SIGNED MESSAGE-----\n\nname: signed\n\n...\nfiles:\n  signed-1.0.0.tgz: sha256:${hex}\n-----BEGIN PGP SIGNATURE-----\n`;
    const early = await send('POST', '/hub/api/charts/open/prov', { body: provenance(sum) });
    expect([early.status, await errorIn(early)]).toEqual([
      404,
      'there is no chart signed-1.0.0: upload it first',
    ]);
    await upload('open', chart);
    const wrong = await send('POST', '/hub/api/charts/open/prov', { body: provenance('0'.repeat(64)) });
    expect(wrong.status).toBe(400);
    const later = await send('POST', '/hub/api/charts/open/prov', { body: provenance(sum) });
    expect(later.status).toBe(201);
    const read = await send('GET', '/hub/charts/open/signed-1.0.0.tgz.prov');
    expect([read.status, await read.text()]).toEqual([200, provenance(sum)]);
    const form = new FormData();
    form.append('prov', new Blob([`${provenance(sum)}again`]), 'signed-1.0.0.tgz.prov');
    form.append('chart', new Blob([chart]), 'signed-1.0.0.tgz');
    expect((await send('POST', '/hub/api/charts/open', { body: form })).status).toBe(201);
    const again = await send('GET', '/hub/charts/open/signed-1.0.0.tgz.prov');
    expect(await again.text()).toContain('again');
    const client = await hub.client('open/charts/signed');
    const manifest = (await (await client.send('GET', 'manifests/1.0.0')).json()) as {
      layers: { mediaType: string }[];
    };
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([CHART_CONTENT, CHART_PROVENANCE]);
  });

  test('a private project asks for credentials, and guests may not push', async () => {
    const path = '/hub/charts/closed/index.yaml';
    const anonymous = await fetch(`${hub.url}${path}`);
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="Sampan Hub", charset="UTF-8"',
    ]);
    const wrong = await fetch(`${hub.url}${path}`, { headers: { authorization: basic('dev', 'wrong') } });
    expect(wrong.status).toBe(401);
    const guest = { authorization: basic('guest', PASSWORD) };
    expect((await fetch(`${hub.url}${path}`, { headers: guest })).status).toBe(200);
    const chart = await packageChart('secret', '1.0.0');
    const refused = await send('POST', '/hub/api/charts/closed', { body: chart, headers: guest });
    expect([refused.status, await errorIn(refused)]).toEqual([403, 'you may not push charts of closed']);
    const root = { authorization: basic('root', PASSWORD) };
    const nowhere = await send('POST', '/hub/api/charts/none', { body: chart, headers: root });
    expect([nowhere.status, await errorIn(nowhere)]).toEqual([
      404,
      'there is no project none; make it: sampan hub project create none',
    ]);
    expect((await upload('closed', chart)).status).toBe(201);
    expect((await fetch(`${hub.url}/hub/charts/closed/secret-1.0.0.tgz`)).status).toBe(401);
    expect((await indexOf('open')).entries.secret).toBeUndefined();
  });

  test('uploads keep to the rules of the project', async () => {
    const members = [{ kind: 'User', name: 'dev', role: 'maintainer' }] as const;
    const rules = { name: 'ruled', public: false, members };
    const said = async (answer: Response) => [answer.status, await errorIn(answer)];
    const chart = await packageChart('ruled', '1.0.0');
    hub.directory.setProject({ ...rules, quotaBytes: chart.length - 1 });
    expect(await said(await upload('ruled', chart))).toEqual([
      403,
      expect.stringContaining('bytes more are too much'),
    ]);
    hub.directory.setProject({ ...rules, allowedArtifactTypes: ['application/vnd.oci.image.*'] });
    expect(await said(await upload('ruled', chart))).toEqual([403, expect.stringContaining(CHART_CONFIG)]);
    hub.directory.setProject({ ...rules, immutability: [{ repositories: '**', tags: '**' }] });
    expect((await upload('ruled', chart)).status).toBe(201);
    const other = await packageChart('ruled', '1.0.0', 'home: x\n');
    expect((await upload('ruled', other, '?force')).status).toBe(403);
    expect((await send('DELETE', '/hub/api/charts/ruled/ruled/1.0.0')).status).toBe(405);
  });

  test('what is no chart is refused with a reason, and costs little', async () => {
    const none = join(folder, 'none.tgz');
    await writeFile(join(folder, 'README.md'), 'no chart');
    execFileSync('tar', ['-C', folder, '-czf', none, 'README.md']);
    const form = 'multipart/form-data; boundary=x';
    const bodies: [body: Buffer<ArrayBuffer>, status: number, error: string, type?: string][] = [
      [Buffer.from('text'), 400, 'not a chart: no tar archive in gzip'],
      [Buffer.alloc(0), 400, 'there is no chart in the request'],
      [Buffer.from(await readFile(none)), 400, 'not a chart: it has no NAME/Chart.yaml'],
      // 300 MiB of nothing in 300 KiB
      [Buffer.from(gzipSync(Buffer.alloc(300 * 1024 * 1024))), 400, 'not a chart: it has no NAME/Chart.yaml'],
      [(await packageChart('cut', '1.0.0')).subarray(0, 100), 400, 'not a chart: no tar archive in gzip'],
      [
        await packageChart('Capitals', '1.0.0'),
        400,
        'the name in Chart.yaml is not one of lower-case letters, digits, ".", "_" and "-"',
      ],
      [await packageChart('version', 'latest'), 400, 'the version in Chart.yaml is not a semantic version'],
      [await packageChart('yaml', '1.0.0', '{'), 400, 'Chart.yaml is not YAML'],
      [Buffer.from('--x\r\ncontent'), 400, 'there is no chart in the request', form],
      [Buffer.alloc(21 * 1024 * 1024), 413, 'more than 20971520 bytes: push large charts as OCI artifacts'],
    ];
    for (const [body, status, error, type] of bodies) {
      const answer = await send('POST', '/hub/api/charts/open', {
        body,
        ...(type ? { headers: { 'content-type': type } } : {}),
      });
      expect([answer.status, await errorIn(answer)]).toEqual([status, error]);
    }
    expect((await send('PUT', '/hub/charts/open/index.yaml')).status).toBe(405);
  });

  test('what a chart says wrongly is left out, so that the index stays readable', async () => {
    const config = {
      name: 'odd',
      version: '1.0.0',
      keywords: 'text',
      description: 'del\u007f nel\u0085 sep\u2028 bom\ufeff lone\ud800',
      deprecated: 'yes',
      maintainers: [{ name: 'a', email: 5 }, 'b'],
      annotations: { good: 'text', bad: 1 },
      dependencies: [{ name: 'x', enabled: true, 'import-values': [{ child: 'a', parent: 'b' }] }],
      unknown: { field: true },
      urls: ['https://elsewhere.example/x.tgz'],
    };
    await pushOci('open/team/odd', config, await packageChart('odd', '1.0.0'), '1.0.0');
    await pushOci(
      'open/team/constructor',
      { name: 'constructor', version: '1.0.0' },
      await packageChart('odd', '1.0.0'),
      '1.0.0',
    );
    const text = await (await send('GET', '/hub/charts/open/index.yaml')).text();
    expect(text).not.toMatch(/[\u007f-\u009f\u2028\u2029\ufeff]/);
    const { odd = [], constructor: own } = (await indexOf('open')).entries as Record<string, Entry[]>;
    expect(own).toHaveLength(1);
    const { created: _, digest: __, ...rest } = odd[0] ?? ({} as Entry);
    expect(rest).toEqual({
      name: 'odd',
      version: '1.0.0',
      description: 'del\u007f nel\u0085 sep\u2028 bom\ufeff lone\ufffd',
      maintainers: [{ name: 'a' }],
      annotations: { good: 'text' },
      dependencies: config.dependencies,
      urls: ['odd-1.0.0.tgz'],
    });
    for (const broken of [{ name: 'broken' }, { name: '../broken', version: '1.0.0' }, 'text']) {
      await pushOci('open/team/broken', broken as object, await packageChart('odd', '1.0.0'), '1.0.0');
    }
    expect((await indexOf('open')).entries.broken).toBeUndefined();
  });
}
