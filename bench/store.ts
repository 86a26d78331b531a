/**
 * What the store does a second, how fast it starts and what it weighs: `node bench/store.ts`.
 * The file is in the system's folder for temporary files unless `TMPDIR` names another.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMemoryStore, type Encode, openSqliteStore, type Store } from '../packages/store/src/index.ts';

const OBJECTS = 100_000;
const VALUE = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'name',
    namespace: 'default',
    uid: '1b0c0a62-9d0f-4d1e-8a53-5a3f1c1f7f0e',
    labels: { app: 'web' },
  },
  data: { text: 'x'.repeat(600) },
};

/** As the API server does: the object is given along with its bytes. */
const encode: Encode = (revision) => {
  const object = { ...VALUE, metadata: { ...VALUE.metadata, resourceVersion: String(revision) } };
  return { bytes: Buffer.from(JSON.stringify(object)), object };
};

const keyOf = (n: number): string => `configmaps/default/name-${String(n).padStart(6, '0')}`;

function report(name: string, value: number, unit: string): void {
  console.log(
    `${name.padEnd(44)} ${value.toLocaleString('en', { maximumFractionDigits: 2 }).padStart(12)} ${unit}`,
  );
}

async function rate(name: string, seconds: number, step: () => Promise<number> | number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const start = performance.now();
  let count = 0;
  while (performance.now() < end) count += await step();
  report(name, (count / (performance.now() - start)) * 1000, '/s');
}

async function writes(name: string, store: Store): Promise<void> {
  for (const batch of [1, 8, 32]) {
    let n = 0;
    await rate(`${name}: puts of ${batch} at a time`, 2, async () => {
      const commit: Promise<unknown>[] = [];
      for (let k = 0; k < batch; k++) commit.push(store.put(keyOf(n++ % 20_000), encode));
      await Promise.all(commit);
      return batch;
    });
  }
}

async function reads(name: string, store: Store): Promise<void> {
  const keys = Array.from({ length: 1000 }, (_, n) => keyOf((n * 7919) % 20_000));
  // Used, so that the engine cannot leave the reads out.
  let sum = 0;
  await rate(`${name}: gets`, 1, () => {
    for (const key of keys) sum += store.get(key)?.revision ?? 0;
    return keys.length;
  });
  await rate(`${name}: gets with bytes`, 1, () => {
    for (const key of keys) sum += store.get(key)?.bytes.length ?? 0;
    return keys.length;
  });
  await rate(`${name}: gets with objects`, 1, () => {
    for (const key of keys) sum += store.get(key)?.object<{ kind: string }>().kind.length ?? 0;
    return keys.length;
  });
  if (sum === 0) throw new Error('nothing was read');
  await rate(`${name}: lists of 3,000`, 1, () => {
    store.list({ prefix: 'configmaps/', limit: 3000 });
    return 1;
  });
  const revision = store.revision - 5000;
  await rate(`${name}: lists of 500 at 5,000 changes ago`, 1, () => {
    store.list({ prefix: 'configmaps/', limit: 500, revision, after: keyOf(10_000) });
    return 1;
  });
}

async function fill(file: string): Promise<void> {
  const store = openSqliteStore({ file });
  const start = performance.now();
  for (let n = 0; n < OBJECTS; n += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, k) => store.put(keyOf(n + k), encode)));
  }
  report('SQLite: creates of 500 at a time', OBJECTS / ((performance.now() - start) / 1000), '/s');
  report('memory after them', process.memoryUsage.rss() / 1e6, 'MB');
  await store.close();
}

async function load(file: string): Promise<void> {
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const store = openSqliteStore({ file });
  const { objects, bytes, fileBytes } = store.stats();
  report(`load of ${objects.toLocaleString('en')} objects`, performance.now() - start, 'ms');
  report('bytes an object', bytes / objects, 'bytes');
  report('file an object', fileBytes / objects, 'bytes');
  // Two moments of quiet, in which garbage is collected as it is in a server.
  await new Promise((resolve) => setTimeout(resolve, 500));
  report('memory an object', (process.memoryUsage.rss() - before) / objects, 'bytes');
  report('memory of the process', process.memoryUsage.rss() / 1e6, 'MB');
  await store.close();
}

async function many(folder: string): Promise<void> {
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const stores: Store[] = [];
  for (let n = 0; n < 500; n++) {
    const store = openSqliteStore({ file: join(folder, `many-${n}.db`) });
    await Promise.all(Array.from({ length: 50 }, (_, k) => store.put(keyOf(k), encode)));
    stores.push(store);
  }
  report('making a store of 50 objects', (performance.now() - start) / stores.length, 'ms');
  report(
    'memory of each of 500 open stores',
    (process.memoryUsage.rss() - before) / stores.length / 1024,
    'KiB',
  );
  await Promise.all(stores.map((store) => store.close()));
}

async function main(folder: string): Promise<void> {
  const memory = createMemoryStore();
  await writes('memory', memory);
  await memory.close();
  const store = openSqliteStore({ file: join(folder, 'writes.db') });
  await writes('SQLite', store);
  await reads('SQLite', store);
  await store.close();
  // Each in a process of its own, since memory is measured.
  for (const part of ['fill', 'load', 'many']) {
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), part, folder], { stdio: 'inherit' });
  }
}

const [part, folder = mkdtempSync(join(tmpdir(), 'sampan-bench-'))] = process.argv.slice(2);
if (part === 'fill') await fill(join(folder, 'load.db'));
else if (part === 'load') await load(join(folder, 'load.db'));
else if (part === 'many') await many(folder);
else {
  await main(folder);
  rmSync(folder, { recursive: true });
}
