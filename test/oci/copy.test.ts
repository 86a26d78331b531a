import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buildImage } from '@sampan/kubelet';
import {
  type ContentSource,
  type ContentTarget,
  type CopyWatcher,
  type Credentials,
  copyImage,
  FolderTarget,
  imageFor,
  type Manifest,
  openArchive,
  openLayout,
  originOf,
  parsePlatform,
  Registry,
  type Repository,
  readImageConfig,
  Transport,
} from '@sampan/oci';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, TestHub } from '../../packages/hub/test/support.ts';

const dev: Credentials = { kind: 'password', user: 'dev', password: PASSWORD };

let hub: TestHub;
let folder: string;
const transport = new Transport({ idleMs: 5000 });

beforeAll(async () => {
  hub = await TestHub.start();
  folder = await mkdtemp(join(tmpdir(), 'sampan-oci-'));
});
afterAll(async () => {
  transport.close();
  await hub[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const registry = (credentials: Credentials = dev, url = hub.url) =>
  new Registry({ origin: new URL(url), transport, credentials });

const archive = (text: string, size = 100_000): Buffer =>
  buildImage({
    name: `example.com/team/app:${text}`,
    files: [{ path: 'a', content: Buffer.concat([Buffer.from(text), randomBytes(size)]) }],
  });

async function push(bytes: Buffer, target: ContentTarget, tags: readonly string[], watcher?: CopyWatcher) {
  const layout = await openArchive(bytes);
  try {
    return await copyImage({ source: layout, target, image: await layout.resolve(''), tags, watcher });
  } finally {
    await layout.close();
  }
}

/** Of `{}`. */
const EMPTY = `sha256:${createHash('sha256').update('{}').digest('hex')}`;

describe('images', () => {
  it('go from an archive into a registry, and what is there is not sent again', async () => {
    const bytes = archive('once');
    const target = registry().repository('open/once');
    const outcomes: string[] = [];
    const watcher: CopyWatcher = { onBlob: (_, outcome) => outcomes.push(outcome) };
    const first = await push(bytes, target, ['1', 'latest'], watcher);
    expect(first.movedBytes).toBeGreaterThan(100_000);
    expect(outcomes).toEqual(['moved', 'moved']);
    expect(await target.tags()).toEqual(['1', 'latest']);
    const again = await push(bytes, target, ['2'], watcher);
    expect(again).toMatchObject({ digest: first.digest, movedBytes: 0 });
    expect((await target.resolve('2')).descriptor.digest).toBe(first.digest);
  });

  it('come back into a folder as they were', async () => {
    const target = registry().repository('open/back');
    const { digest } = await push(archive('back'), target, ['v1']);
    const out = await FolderTarget.open(join(folder, 'back'), `${hub.host}/open/back`);
    const image = await target.resolve('v1');
    await copyImage({ source: target, target: out, image, tags: ['v1'] });
    const layout = await openLayout(join(folder, 'back'));
    expect(layout.images).toMatchObject([{ name: `${hub.host}/open/back:v1`, descriptor: { digest } }]);
    const copied = await copyImage({
      source: layout,
      target: registry().repository('open/again'),
      image: await layout.resolve('v1'),
      tags: ['v1'],
    });
    expect(copied).toMatchObject({ digest });
  });

  it('are mounted from a repository of the same registry', async () => {
    const source = registry().repository('open/from');
    await push(archive('mount'), source, ['1']);
    const outcomes: string[] = [];
    const target = source.registry.repository('closed/to');
    await copyImage({
      source,
      target,
      image: await source.resolve('1'),
      tags: ['1'],
      watcher: { onBlob: (_, outcome) => outcomes.push(outcome) },
    });
    expect(outcomes).toEqual(['mounted', 'mounted']);
  });

  it('are refused for who may not push, and who gives a wrong password is told so', async () => {
    const guest = registry({ kind: 'password', user: 'guest', password: PASSWORD }).repository('open/no');
    await expect(push(archive('no'), guest, ['1'])).rejects.toMatchObject({ code: 'oci-denied' });
    const stranger = registry({ kind: 'password', user: 'dev', password: 'wrong' }).repository('open/no');
    await expect(push(archive('no'), stranger, ['1'])).rejects.toMatchObject({ code: 'oci-unauthorized' });
    const anonymous = new Registry({ origin: new URL(hub.url), transport });
    await expect(anonymous.repository('open/none').resolve('x')).rejects.toMatchObject({
      code: 'oci-not-found',
    });
    await expect(anonymous.repository('closed/none').resolve('x')).rejects.toMatchObject({
      code: 'oci-unauthorized',
    });
  });

  it('that a folder holds in part are completed, and damaged bytes are found', async () => {
    const target = registry().repository('open/part');
    await push(archive('part', 1_000_000), target, ['1']);
    const image = await target.resolve('1');
    const out = join(folder, 'part');
    const [layer] = (JSON.parse(image.bytes.toString()) as { layers: { digest: string; size: number }[] })
      .layers;
    if (!layer) throw new Error('no layer');
    const path = join(out, 'blobs', layer.digest.replace(':', '/'));
    await copyImage({ source: target, target: await FolderTarget.open(out), image, tags: ['1'] });
    const whole = await readFile(path);
    await rm(path);
    await writeFile(`${path}.part`, whole.subarray(0, 400_000));
    const seen: number[] = [];
    const again = await FolderTarget.open(out);
    await rm(join(out, 'blobs', image.descriptor.digest.replace(':', '/')));
    await copyImage({
      source: target,
      target: again,
      image,
      tags: ['1'],
      watcher: { onMoved: (_, at) => seen.push(at) },
    });
    expect(seen[0]).toBeGreaterThan(400_000);
    expect(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ).toBe(layer.digest.slice(7));
    await rm(path);
    await rm(join(out, 'blobs', image.descriptor.digest.replace(':', '/')));
    await writeFile(`${path}.part`, Buffer.alloc(400_000, 1));
    const damaged = copyImage({ source: target, target: again, image, tags: ['1'] });
    await expect(damaged).rejects.toMatchObject({ code: 'oci-content-mismatch' });
    await copyImage({ source: target, target: again, image, tags: ['1'] });
    expect(await readFile(path)).toEqual(whole);
  });
});

it('what an image says of itself is read, with its bytes checked', async () => {
  const bytes = buildImage({
    name: 'app:1',
    files: [{ path: 'a', content: Buffer.from('a') }],
    entrypoint: ['/a'],
    command: ['b', 'c d'],
    user: '1000',
  });
  const target = registry().repository('open/config');
  await push(bytes, target, ['1']);
  const manifest = await target.resolve('1');
  expect(await readImageConfig(target, manifest)).toMatchObject({
    platform: { os: 'linux' },
    entrypoint: ['/a'],
    command: ['b', 'c d'],
    user: '1000',
    ports: [],
  });
  const other = { ...target, blob: () => Promise.resolve(Readable.from([Buffer.from('{}')])) };
  const damaged = readImageConfig(other as unknown as ContentSource, manifest);
  await expect(damaged).rejects.toMatchObject({ code: 'oci-content-mismatch' });
});

it('bytes that are damaged are taken by no registry', async () => {
  const bytes = archive('damaged');
  // the last of them is in the layer
  bytes[bytes.lastIndexOf('damaged')] = 0;
  const target = registry().repository('open/damaged');
  await expect(push(bytes, target, ['1'])).rejects.toMatchObject({ codes: ['DIGEST_INVALID'] });
  expect(await target.tags()).toEqual([]);
});

describe('an index', () => {
  const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
  const manifestOf = (mediaType: string, body: object): Manifest => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...body }));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  };

  /** An index with an image for each of two platforms, and something that refers to it. */
  async function pushIndex(name: string): Promise<{ target: Repository; index: Manifest }> {
    const target = registry().repository(name);
    const manifests = [];
    for (const architecture of ['amd64', 'arm64']) {
      const { digest } = await push(archive(architecture), target, []);
      const { descriptor } = await target.resolve(digest);
      manifests.push({ ...descriptor, platform: { os: 'linux', architecture } });
    }
    const index = manifestOf(OCI_INDEX, { manifests });
    await target.putManifest(index, ['1']);
    const empty = { mediaType: 'application/vnd.oci.empty.v1+json', digest: EMPTY, size: 2 };
    const source = { ...target, blob: () => Promise.resolve(Readable.from([Buffer.from('{}')])) };
    await target.putBlob(empty, source as unknown as ContentSource, () => {});
    const signature = manifestOf('application/vnd.oci.image.manifest.v1+json', {
      artifactType: 'application/example.signature',
      config: empty,
      layers: [empty],
      subject: index.descriptor,
    });
    await target.putManifest(signature, []);
    return { target, index };
  }

  it('is copied with all its images, or one of them for a platform', async () => {
    const { target, index } = await pushIndex('open/many');
    const out = await FolderTarget.open(join(folder, 'many'));
    await copyImage({ source: target, target: out, image: await target.resolve('1'), tags: ['1'] });
    const layout = await openLayout(join(folder, 'many'));
    expect(layout.images).toMatchObject([{ descriptor: { digest: index.descriptor.digest } }]);
    const again = await copyImage({
      source: layout,
      target: registry().repository('closed/many'),
      image: await layout.resolve('1'),
      tags: ['1'],
    });
    // two configs, which are equal but for the layer, and two layers
    expect(again.blobs).toBe(4);
    const one = await imageFor(layout, await layout.resolve('1'), parsePlatform('linux/arm64'));
    expect(
      (
        await copyImage({
          source: layout,
          target: registry().repository('closed/one'),
          image: one,
          tags: ['1'],
        })
      ).blobs,
    ).toBe(2);
  });

  it('has referrers, which a copy of it has as well when they are copied', async () => {
    const { target, index } = await pushIndex('open/signed');
    const other = registry().repository('closed/signed');
    await copyImage({ source: target, target: other, image: index, tags: ['1'] });
    const [signature, ...more] = await target.referrers(index.descriptor.digest);
    expect(more).toEqual([]);
    if (!signature) throw new Error('no referrers');
    expect(await other.referrers(index.descriptor.digest)).toEqual([]);
    await copyImage({ source: target, target: other, image: await target.manifest(signature), tags: [] });
    expect(await other.referrers(index.descriptor.digest)).toMatchObject([
      { artifactType: 'application/example.signature' },
    ]);
  });
});

describe('a connection that breaks', () => {
  let close: () => Promise<void> = () => Promise.resolve();
  afterEach(() => close());

  /** A proxy that breaks each of the first `breaks` bodies of more than a megabyte in their middle. */
  async function breakingProxy(breaks: number): Promise<{ url: string; broken: () => number }> {
    let left = breaks;
    const server = createServer((incoming, outgoing) => {
      const { port } = new URL(hub.url);
      const onwards = httpRequest(
        { port, path: incoming.url, method: incoming.method, headers: incoming.headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          cutOff(answer, () => outgoing.destroy());
          answer.pipe(outgoing);
        },
      );
      onwards.on('error', () => outgoing.destroy());
      cutOff(incoming, () => {
        onwards.destroy();
        incoming.destroy();
      });
      incoming.pipe(onwards);
    });
    function cutOff(stream: NodeJS.ReadableStream, cut: () => void) {
      let seen = 0;
      stream.on('data', (chunk: Buffer) => {
        seen += chunk.length;
        if (seen < 1_000_000 || left === 0) return;
        left--;
        seen = Number.NEGATIVE_INFINITY;
        cut();
      });
    }
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, broken: () => breaks - left };
  }

  it('is made good: uploads and downloads go on where they ended', async () => {
    const proxy = await breakingProxy(3);
    const target = registry(dev, proxy.url).repository('open/broken');
    await push(archive('broken', 20_000_000), target, ['1']);
    expect(proxy.broken()).toBe(3);
    // what is smaller goes by one request
    await push(archive('small', 6_000_000), registry(dev, proxy.url).repository('open/small'), ['1']);
    await close();
    const second = await breakingProxy(3);
    const source = registry(dev, second.url).repository('open/broken');
    const out = await FolderTarget.open(join(folder, 'broken'));
    await copyImage({ source, target: out, image: await source.resolve('1'), tags: ['1'] });
    expect(second.broken()).toBe(3);
  });

  it('to nobody is told at once', async () => {
    const url = hub.url.replace(/\d+$/, '1');
    await expect(registry(dev, url).repository('a/b').resolve('1')).rejects.toMatchObject({
      code: 'oci-unreachable',
    });
  });
});

it('a registry on loopback without TLS is found', async () => {
  expect((await originOf(hub.host, transport, false)).href).toBe(`${hub.url}/`);
});
