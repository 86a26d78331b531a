import { expect, it } from 'vitest';
import { StoredEntry } from './entry.ts';
import { Slabs } from './slabs.ts';

const entryOf = (n: number, length: number): StoredEntry => {
  const bytes = Buffer.alloc(length, n % 251);
  return new StoredEntry(`a/${n}`, n, n, bytes);
};

/** The memory that the entries keep alive, and the sum of their bytes. */
function memoryOf(entries: Iterable<StoredEntry>): { slabs: number; bytes: number } {
  const buffers = new Set<ArrayBufferLike>();
  let bytes = 0;
  for (const entry of entries) {
    buffers.add(entry.data.buffer);
    bytes += entry.length;
  }
  let slabs = 0;
  for (const buffer of buffers) slabs += buffer.byteLength;
  return { slabs, bytes };
}

it('survivors do not keep the memory of those who went', () => {
  const slabs = new Slabs();
  const live = new Set<StoredEntry>();
  for (let n = 0; n < 50_000; n++) {
    const entry = entryOf(n, 100 + (n % 900));
    slabs.add(entry);
    live.add(entry);
    // Every fiftieth stays for ever, the others for a while.
    for (const oldest of live) {
      if (live.size < 2000) break;
      live.delete(oldest);
      if (oldest.revision % 50 === 0) live.add(oldest);
      else slabs.release(oldest);
    }
  }
  const { slabs: memory, bytes } = memoryOf(live);
  expect(memory).toBeLessThan(bytes * 1.5);
  for (const entry of live) {
    expect(entry.bytes.every((byte) => byte === entry.revision % 251)).toBe(true);
  }
});

it('a store of a few values takes a few kilobytes', () => {
  const slabs = new Slabs();
  const entries = Array.from({ length: 5 }, (_, n) => entryOf(n, 700));
  for (const entry of entries) slabs.add(entry);
  expect(memoryOf(entries).slabs).toBe(4096);
});

it('bytes that were handed out stay as they were when their entry moves or goes', () => {
  const slabs = new Slabs();
  const entries = Array.from({ length: 200 }, (_, n) => entryOf(n, 100));
  for (const entry of entries) slabs.add(entry);
  const views = entries.map((entry) => entry.bytes);
  const before = views.map((bytes) => Buffer.from(bytes));
  for (const [n, entry] of entries.entries()) if (n % 4 > 0) slabs.release(entry);
  for (let n = 0; n < 500; n++) slabs.add(entryOf(n + 1000, 300));
  for (const [n, bytes] of views.entries()) expect(before[n]?.equals(bytes)).toBe(true);
  for (const [n, entry] of entries.entries()) expect(before[n]?.equals(entry.bytes)).toBe(true);
});
