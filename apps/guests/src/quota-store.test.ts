import { createMemoryStore } from '@sampan/store';
import { describe, expect, it } from 'vitest';
import { QuotaStore } from './quota-store.ts';

const value = (bytes: number) => () => ({ bytes: Buffer.alloc(bytes, ' ').fill('{}', 0, 2) });

describe('a store with a quota', () => {
  it('takes no more objects than it may have, those of one tick included, but changes and deletes', async () => {
    const store = new QuotaStore(createMemoryStore());
    store.quota = { objects: 2 };
    const first = store.put('pods/a', value(2));
    const second = store.put('pods/b', value(2));
    expect(() => store.put('pods/c', value(2))).toThrow('the cluster may store 2 objects');
    await Promise.all([first, second]);
    await store.put('pods/a', value(50));
    await store.delete('pods/b');
    await store.put('pods/c', value(2));
    expect(store.stats().objects).toBe(2);
    await store.close();
  });

  it('takes no more bytes than it may have, but what makes it smaller', async () => {
    const store = new QuotaStore(createMemoryStore());
    await store.put('pods/a', value(400));
    store.quota = { bytes: 500 };
    await store.put('pods/b', value(90));
    expect(() => store.put('pods/c', value(20))).toThrow('500 bytes');
    expect(() => store.put('pods/a', value(420))).toThrow('500 bytes');
    store.quota = { bytes: 10 };
    await store.put('pods/a', value(300));
    await store.delete('pods/b');
    store.quota = {};
    await store.put('pods/c', value(10_000));
    await store.close();
  });

  it('says what is the matter as a Status that is Forbidden', async () => {
    const store = new QuotaStore(createMemoryStore());
    store.quota = { objects: 0 };
    expect(() => store.put('pods/a', value(2))).toThrow(
      expect.objectContaining({ code: 403, reason: 'Forbidden' }),
    );
    await store.close();
  });
});
