import { FakeClock, silentLogger } from '@sampan/base';
import { createMemoryStore, type Store } from '@sampan/store';
import { describe, expect, it } from 'vitest';
import { EventTtl } from './event-ttl.ts';

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const write = (store: Store, key: string) =>
  store.put(key, () => ({ bytes: Buffer.from('{"kind":"Event","metadata":{}}') }));

describe('Events expire', () => {
  it('an hour after their last write, and nothing else does', async () => {
    const store = createMemoryStore();
    const clock = new FakeClock();
    const ttl = new EventTtl({ store, clock, log: silentLogger });
    await write(store, 'events/a/old');
    ttl.start();
    await write(store, 'events/a/kept');
    await write(store, 'pods/a/p');
    clock.advance(1_800_000);
    await write(store, 'events/a/kept');
    clock.advance(1_810_001);
    await settled();
    expect(store.list({ prefix: 'events/' }).entries.map(({ key }) => key)).toEqual(['events/a/kept']);
    clock.advance(1_800_000);
    await settled();
    expect(store.count('events/')).toBe(0);
    expect(store.count('pods/')).toBe(1);
    ttl.close();
    await store.close();
  });

  it('in batches when there are many', async () => {
    const store = createMemoryStore();
    const clock = new FakeClock();
    const ttl = new EventTtl({ store, clock, log: silentLogger, ttlMs: 1000 });
    ttl.start();
    await Promise.all(Array.from({ length: 1200 }, (_, i) => write(store, `events/a/e${i}`)));
    for (let turn = 0; turn < 4; turn++) {
      clock.advance(2001);
      await settled();
    }
    expect(store.count('events/')).toBe(0);
    ttl.close();
    await store.close();
  });
});
