import { randomBytes, randomInt } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readChartArchive } from './chart-archive.ts';
import { ChartError } from './chart-error.ts';
import { readMultipart } from './multipart.ts';

/** One file of a tar archive (POSIX ustar; sums are not looked at). */
function entry(name: string, content: string, type = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(Buffer.byteLength(content).toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  header.write('ustar', 257);
  const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body]);
}

const YAML = 'name: web\nversion: 1.0.0\n';
const archive = (...entries: Buffer[]) => gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));

test('Chart.yaml is found after folders, other files and headers of the format', async () => {
  const before = [
    entry('web/', '', '5'),
    entry('pax', '30 mtime=1\n', 'x'),
    entry('web/charts/sub/Chart.yaml', 'name: sub\nversion: 9.0.0\n'),
    entry('web/values.yaml', 'x'.repeat(5000)),
  ];
  const found = await readChartArchive(archive(...before, entry('./web/Chart.yaml', YAML)));
  expect(found).toMatchObject({ name: 'web', version: '1.0.0' });
});

test('a link is no Chart.yaml', async () => {
  await expect(readChartArchive(archive(entry('web/Chart.yaml', '', '2')))).rejects.toThrow(
    'no NAME/Chart.yaml',
  );
});

test('archives changed at random are read or refused, and never take long', async () => {
  const good = archive(entry('web/Chart.yaml', YAML), entry('web/values.yaml', 'a: 1\n'));
  const plain = gunzipSync(good);
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(round % 2 === 0 ? plain : good);
    for (let change = 0; change < 3; change++) bytes[randomInt(bytes.length)] = randomInt(256);
    const cut = bytes.subarray(0, randomInt(bytes.length));
    const changed = round % 3 === 0 ? cut : bytes;
    const read = readChartArchive(round % 2 === 0 ? gzipSync(changed) : changed);
    await read.catch((thrown: unknown) => expect(thrown).toBeInstanceOf(ChartError));
  }
}, 30_000);

const TYPE = 'multipart/form-data; boundary=edge';
const part = (name: string, content: string) =>
  `--edge\r\nContent-Disposition: form-data; filename="name=.tgz"; name="${name}"\r\nContent-Type: a/b\r\n\r\n${content}\r\n`;

test('a form is read whatever its fields hold', () => {
  const text = `${part('chart', 'a\r\n--edg\r\n\r\n')}${part('prov', '')}${part('chart', 'second')}--edge--\r\n`;
  const fields = readMultipart(Buffer.from(text), TYPE);
  expect([...(fields ?? [])].map(([name, content]) => [name, content.toString()])).toEqual([
    ['chart', 'a\r\n--edg\r\n\r\n'],
    ['prov', ''],
  ]);
  expect(readMultipart(Buffer.from(text), 'multipart/form-data; boundary="edge"')).toEqual(fields);
  expect(readMultipart(Buffer.from(text), 'multipart/form-data')).toBeUndefined();
  expect(readMultipart(Buffer.from(text.slice(0, -20)), TYPE)?.size).toBe(2);
});

test('forms changed at random are read or refused', () => {
  const text = Buffer.from(`${part('chart', randomBytes(200).toString('latin1'))}--edge--\r\n`);
  for (let round = 0; round < 2000; round++) {
    const bytes = Buffer.from(text);
    for (let change = 0; change < 4; change++) bytes[randomInt(bytes.length)] = randomInt(256);
    const fields = readMultipart(bytes.subarray(0, randomInt(bytes.length)), TYPE);
    for (const content of fields?.values() ?? []) expect(content.length).toBeLessThan(bytes.length);
  }
});
