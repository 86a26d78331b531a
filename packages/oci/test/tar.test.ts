import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarEnd, tarHeader, tarPadding } from '@sampan/base';
import { afterAll, expect, test } from 'vitest';
import { memoryBytes } from '../src/layout/byte-source.ts';
import { indexTar } from '../src/layout/tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'sampan-tar-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['ustar', 'gnu', 'pax', 'v7'])('archives of tar(1) in the format %s are read', async (format) => {
  const long = format === 'v7' ? 'short' : `${'long-'.repeat(30)}name`;
  writeFileSync(join(folder, long.slice(0, 150)), 'hello');
  const file = join(folder, 'a.tar');
  const name = long.slice(0, 150);
  const names = format === 'ustar' ? ['./short2'] : [`./${name}`];
  writeFileSync(join(folder, 'short2'), 'hello');
  execFileSync('tar', ['-C', folder, `--format=${format}`, '-cf', file, ...names]);
  const bytes = readFileSync(file);
  const index = await indexTar(memoryBytes(bytes));
  const [[found = '', place] = []] = [...index];
  expect(found).toBe(names[0]?.slice(2));
  expect(bytes.subarray(place?.at, (place?.at ?? 0) + (place?.size ?? 0)).toString()).toBe('hello');
});

test('what is written tar(1) reads', () => {
  const content = Buffer.from('some text');
  const archive = Buffer.concat([
    tarHeader({ path: 'blobs/' }),
    tarHeader({ path: 'blobs/a', size: content.length }),
    content,
    tarPadding(content.length),
    tarEnd(),
  ]);
  const file = join(folder, 'b.tar');
  writeFileSync(file, archive);
  expect(execFileSync('tar', ['-xOf', file, 'blobs/a']).toString()).toBe('some text');
});

test('a file of more than 8 GiB has its size in base 256', async () => {
  const size = 9 * 2 ** 30;
  const header = tarHeader({ path: 'large', size });
  const source = {
    ...memoryBytes(header),
    size: size + 2048,
    read: (at: number, length: number) => Promise.resolve(at === 0 ? header : Buffer.alloc(length)),
  };
  expect((await indexTar(source)).get('large')?.size).toBe(size);
});

test('what is cut off, damaged or something else is refused', async () => {
  const whole = Buffer.concat([tarHeader({ path: 'a', size: 600 }), Buffer.alloc(1024)]);
  const invalid = expect.objectContaining({ code: 'oci-layout-invalid' });
  await expect(indexTar(memoryBytes(whole.subarray(0, 700)))).rejects.toThrow(invalid);
  await expect(indexTar(memoryBytes(Buffer.from(whole).fill(1, 0, 1)))).rejects.toThrow(invalid);
  await expect(indexTar(memoryBytes(Buffer.from('not a tar archive')))).rejects.toThrow(invalid);
});
