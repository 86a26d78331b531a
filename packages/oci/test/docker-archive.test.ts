import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { needsOf } from '../src/content/manifest.ts';
import { openLayout } from '../src/layout/open-layout.ts';

const folder = mkdtempSync(join(tmpdir(), 'sampan-docker-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sha256 = (bytes: Buffer | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** As Docker 20 saves an image whose two layers are equal: the second is a link. */
function saved(name: string, layer: Buffer, layers: readonly string[]): string {
  const place = join(folder, name);
  mkdirSync(join(place, 'one'), { recursive: true });
  const config = JSON.stringify({ rootfs: { type: 'layers', diff_ids: ['layer', 'layer'].map(sha256) } });
  writeFileSync(join(place, 'config.json'), config);
  writeFileSync(join(place, 'one', 'layer.tar'), layer);
  const list = [{ Config: 'config.json', RepoTags: ['shop/app:1'], Layers: layers }];
  writeFileSync(join(place, 'manifest.json'), JSON.stringify(list));
  return place;
}

test('layers that are links, and are known by the config, are found', async () => {
  const place = saved('linked', Buffer.from('layer'), ['one/layer.tar', 'two/layer.tar']);
  mkdirSync(join(place, 'two'));
  execFileSync('ln', ['-s', '../one/layer.tar', join(place, 'two', 'layer.tar')]);
  const archive = join(folder, 'linked.tar');
  execFileSync('tar', ['-C', place, '-cf', archive, '.']);
  const layout = await openLayout(archive);
  try {
    const { layers } = needsOf(await layout.resolve('shop/app:1'));
    expect(layers).toMatchObject([sha256('layer'), sha256('layer')].map((digest) => ({ digest, size: 5 })));
    for (const layer of layers) expect(await text(await layout.blob(layer, 2))).toBe('yer');
  } finally {
    await layout.close();
  }
});

test('compressed layers have a digest of their own', async () => {
  const layer = gzipSync('layer');
  const layout = await openLayout(saved('gzip', layer, ['one/layer.tar']));
  const { layers } = needsOf(await layout.resolve(''));
  expect(layers).toMatchObject([
    { digest: sha256(layer), size: layer.length, mediaType: expect.stringMatching(/gzip$/) },
  ]);
});

test('names that lead out of the folder are refused', async () => {
  writeFileSync(join(folder, 'secret'), 'secret');
  for (const name of ['../secret', 'one/../../secret', join(folder, 'secret')]) {
    const opened = openLayout(saved('outside', Buffer.from('layer'), [name]));
    await expect(opened).rejects.toMatchObject({ code: 'oci-layout-invalid' });
  }
});
