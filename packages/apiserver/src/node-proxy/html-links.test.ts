import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { HtmlLinks } from './html-links.ts';
import { rewriteUrl } from './rewrite-url.ts';

const PLACE = { prefix: '/api/p/proxy', host: '10.244.0.5:80', clientHost: 'cluster.example:6443' };
const through = (...chunks: string[]): Promise<string> =>
  text(
    Readable.from(chunks.map((chunk) => Buffer.from(chunk))).pipe(
      new HtmlLinks((url) => rewriteUrl(url, PLACE)),
    ),
  );

it.each([
  ['/a?b=1#c', '/api/p/proxy/a?b=1#c'],
  ['a/b', 'a/b'],
  ['#top', '#top'],
  ['', ''],
  ['mailto:a@b.example', 'mailto:a@b.example'],
  ['http://10.244.0.5:80/a', '/api/p/proxy/a'],
  ['//10.244.0.5:80/a', '/api/p/proxy/a'],
  ['https://cluster.example:6443/a', 'https://cluster.example:6443/api/p/proxy/a'],
  ['https://other.example/a', 'https://other.example/a'],
  ['//other.example/a', '//other.example/a'],
  ['/api/p/proxy/a', '/api/p/proxy/a'],
])('leads %s to %s', (url, rewritten) => {
  expect(rewriteUrl(url, PLACE)).toBe(rewritten);
});

const PAGES: [name: string, page: string, rewritten: string][] = [
  ['links', '<a href="/x">/y</a>', '<a href="/api/p/proxy/x">/y</a>'],
  [
    'any quotes',
    "<img src='/x' alt=/y><a HREF=/z>",
    "<img src='/api/p/proxy/x' alt=/y><a HREF=/api/p/proxy/z>",
  ],
  ['values with ">"', '<a title="a > b" href="/x">', '<a title="a > b" href="/api/p/proxy/x">'],
  ['no comments', '<!-- <a href="/x"> --><p>', '<!-- <a href="/x"> --><p>'],
  [
    'no scripts',
    '<script>"<a href=/x>" < 1</script><a href=/y>',
    '<script>"<a href=/x>" < 1</script><a href=/api/p/proxy/y>',
  ],
  ['no data of other names', '<div data-href="/x" href="/y">', '<div data-href="/x" href="/y">'],
  ['no text', 'a < b <3 & "<', 'a < b <3 & "<'],
  ['pages that break off', '<a href="/x', '<a href="/x'],
  ['other alphabets', '<a href="/ü">ü</a>', '<a href="/api/p/proxy/ü">ü</a>'],
];

it.each(PAGES)('rewrites %s', async (_, page, rewritten) => {
  expect(await through(page)).toBe(rewritten);
});

it.each(PAGES)('rewrites %s when they come byte by byte', async (_, page, rewritten) => {
  const bytes = [...Buffer.from(page)].map((byte) => Buffer.from([byte]));
  const links = new HtmlLinks((url) => rewriteUrl(url, PLACE));
  expect(await text(Readable.from(bytes).pipe(links))).toBe(rewritten);
});

it('passes a tag without an end on', async () => {
  const page = `<a href="${'x'.repeat(200_000)}`;
  expect(await through(page, page)).toBe(page + page);
});
