/**
 * Writes without end until it is killed, and prints each write that was acknowledged. Each commit has several
 * writers: single keys, pairs that must agree, deletes.
 */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../src/index.ts';
import { json, random } from './helpers.ts';

const [file = '', seed = '0'] = process.argv.slice(2);
const store = openSqliteStore({ file, compaction: { keepChanges: 3000 } });
const pick = random(Number(seed));

/** Synchronous, so that what is acknowledged is also printed. */
function say(text: string): void {
  writeSync(1, `${text}\n`);
}

async function single(): Promise<void> {
  const key = `single/${10 + pick(40)}`;
  const entry = await store.put(key, json(`${seed}-${'v'.repeat(pick(2000))}`));
  say(`put ${key} ${entry.revision}`);
}

async function remove(): Promise<void> {
  const key = `single/${10 + pick(40)}`;
  if (!store.latest(key)) return;
  const { revision } = await store.delete(key);
  say(`delete ${key} ${revision}`);
}

/** Two writes of one tick are one commit: both or none. */
async function pair(): Promise<void> {
  const number = pick(10);
  const value = `${seed}-${pick(1e9)}`;
  const [left, right] = await Promise.all([
    store.put(`left/${number}`, json(value)),
    store.put(`right/${number}`, json(value)),
  ]);
  say(`put left/${number} ${left.revision}`);
  say(`put right/${number} ${right.revision}`);
}

async function work(): Promise<void> {
  const kinds = [single, single, pair, remove];
  for (;;) await kinds[pick(kinds.length)]?.();
}

say('ready');
for (let worker = 0; worker < 8; worker++) void work();
