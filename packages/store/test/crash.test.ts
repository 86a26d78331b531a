import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openSqliteStore, type Store } from '../src/index.ts';
import { makeFolder, random, valueIn } from './helpers.ts';

const ROUNDS = 200;
/** A child lives at most so long after it has opened the store. */
const LONGEST_MS = 80;
/** Some are killed earlier, while they start and recover; a start takes about as long. */
const LONGEST_START_MS = 120;

const child = fileURLToPath(new URL('crash-child.ts', import.meta.url));

/** The newest acknowledged revision of each key; whether it was a delete. */
type Acknowledged = Map<string, { revision: number; deleted: boolean }>;

/** Runs a child, kills it after `ms` of its start or of its opening the store, and returns its whole lines. */
function runAndKill(file: string, seed: number, from: 'start' | 'open', ms: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const process = spawn(globalThis.process.execPath, [child, file, String(seed)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    const killLater = (): void => void setTimeout(() => process.kill('SIGKILL'), ms);
    if (from === 'start') killLater();
    process.stdout.on('data', (chunk: Buffer) => {
      if (output === '' && from === 'open') killLater();
      output += chunk.toString();
    });
    process.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    process.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1));
      else reject(new Error(`the child ended by itself: ${errors}`));
    });
  });
}

/** Takes the child's lines over; returns the highest revision that it was given. */
function acknowledge(lines: readonly string[], acknowledged: Acknowledged, atLeast: number): number {
  let highest = atLeast;
  for (const line of lines) {
    const [kind, key, number] = line.split(' ');
    const revision = Number(number);
    if (kind === 'ready' || key === undefined) continue;
    expect(revision, 'a revision was given twice').toBeGreaterThan(atLeast);
    highest = Math.max(highest, revision);
    if (revision > (acknowledged.get(key)?.revision ?? 0)) {
      acknowledged.set(key, { revision, deleted: kind === 'delete' });
    }
  }
  return highest;
}

function expectNothingLost(store: Store, acknowledged: Acknowledged): void {
  for (const [key, { revision, deleted }] of acknowledged) {
    const entry = store.get(key);
    // A newer write may have been stored without its acknowledgement getting out.
    if (entry && entry.revision > revision) continue;
    if (deleted) expect(entry, key).toBeUndefined();
    else if (entry) expect(entry.revision, key).toBe(revision);
    else expectDeletedSince(store, key, revision);
  }
}

function expectDeletedSince(store: Store, key: string, revision: number): void {
  let last = '';
  const onChanges = (changes: readonly { type: string }[]): void => {
    last = changes.at(-1)?.type ?? '';
  };
  store.watch({ prefix: key, after: Math.max(revision, store.compacted), onChanges })();
  expect(last, `${key}@${revision} is lost`).toBe('delete');
}

function expectNothingHalf(store: Store): void {
  const { entries } = store.list({ prefix: 'left/' });
  expect(store.count('right/')).toBe(entries.length);
  for (const left of entries) {
    const right = store.get(left.key.replace('left', 'right'));
    expect(valueIn(right)).toBe(valueIn(left));
  }
}

it(`loses and halves nothing when killed ${ROUNDS} times at random moments under load`, async () => {
  const folder = makeFolder();
  const file = folder.file('store.db');
  const seed = Math.floor(Math.random() * 2 ** 31);
  const pick = random(seed);
  const acknowledged: Acknowledged = new Map();
  let revision = 0;
  let writes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const lines =
      round % 4 === 0
        ? await runAndKill(file, round, 'start', pick(LONGEST_START_MS))
        : await runAndKill(file, round, 'open', pick(LONGEST_MS));
    writes += Math.max(0, lines.length - 1);
    const highest = acknowledge(lines, acknowledged, revision);
    const store = openSqliteStore({ file });
    expect(store.revision).toBeGreaterThanOrEqual(highest);
    expectNothingLost(store, acknowledged);
    expectNothingHalf(store);
    revision = store.revision;
    await store.close();
  }
  console.log(`crash test: seed ${seed}, ${writes} acknowledged writes, revision ${revision}`);
  expect(writes).toBeGreaterThan(ROUNDS);
  folder.remove();
}, 180_000);
