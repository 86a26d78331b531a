import type { Readable } from 'node:stream';
import { FakeClock } from '@sampan/base';
import { expect, test } from 'vitest';
import type { HubEvent } from '../events/event.ts';
import { ContentChanges } from './changes.ts';

const event = (more: Partial<HubEvent>): HubEvent => ({
  id: 'e',
  time: 1,
  type: 'push',
  project: 'shop',
  repository: 'shop/team/web',
  digest: 'sha256:a',
  mediaType: 'm',
  size: 1,
  actor: '',
  address: '',
  userAgent: '',
  ...more,
});

/** The lines that wait in a stream. */
function linesOf(stream: Readable): unknown[] {
  const lines: unknown[] = [];
  for (let line = stream.read(); line !== null; line = stream.read()) lines.push(JSON.parse(line as string));
  return lines;
}

test('a push changes its repository, manifest and tag, and a pull nothing', async () => {
  const changes = new ContentChanges(new FakeClock(1000));
  const stream = changes.answer().body as Readable;
  await changes.hear([event({ tag: 'v1' }), event({ type: 'pull' }), event({ type: 'delete' })]);
  const spec = { project: 'shop', repository: 'shop/team/web' };
  const repository = { resource: 'repositories', name: 'shop:team:web', spec };
  const digest = 'sha256:a';
  const manifest = { resource: 'manifests', name: 'shop:team:web@sha256:a', spec: { ...spec, digest } };
  const tag = { resource: 'tags', name: 'shop:team:web:v1', spec: { ...spec, tag: 'v1', digest } };
  expect(linesOf(stream)).toEqual([
    { version: 1_000_000 },
    { version: 1_000_001, ...repository },
    { version: 1_000_002, ...manifest },
    { version: 1_000_003, ...tag },
    { version: 1_000_004, ...repository },
    { version: 1_000_005, ...manifest },
  ]);
  expect(changes.version).toBe(1_000_005);
  // the next process goes on higher
  expect(new ContentChanges(new FakeClock(1001)).version).toBeGreaterThan(changes.version);
});

test('a stream is kept alive, and ended when nobody reads it', async () => {
  const clock = new FakeClock();
  const changes = new ContentChanges(clock);
  const [read, unread] = [changes.answer().body as Readable, changes.answer().body as Readable];
  linesOf(read);
  clock.advance(60_000);
  clock.advance(60_000);
  expect(linesOf(read)).toEqual([{}, {}]);
  const many = Array.from({ length: 1000 }, () => event({ tag: 'v1' }));
  for (let round = 0; round < 5; round++) {
    await changes.hear(many);
    expect(linesOf(read)).toHaveLength(3000);
  }
  expect(unread.destroyed).toBe(true);
  expect(read.destroyed).toBe(false);
  changes.close();
  expect(read.destroyed).toBe(true);
});
