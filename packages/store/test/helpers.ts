import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change, Encode, Store } from '../src/index.ts';

/** Encodes a value together with its revision, as the API server does. */
export function json(value: unknown): Encode {
  return (revision) => ({ bytes: Buffer.from(JSON.stringify({ value, revision })) });
}

/** What `json` encoded. */
export function valueIn(entry: { object<T>(): T } | undefined): unknown {
  return entry?.object<{ value: unknown }>().value;
}

/** Short notes of changes: `put a/1@3 was 2`. */
export function notes(changes: readonly Change[]): string[] {
  return changes.map(({ type, key, revision, previous }) =>
    `${type} ${key}@${revision}${previous ? ` was ${previous.revision}` : ''}`.trim(),
  );
}

/** Watches and collects notes, one array a call. */
export function collect(store: Store, prefix: string, after?: number): { calls: string[][]; stop(): void } {
  const calls: string[][] = [];
  const onChanges = (changes: readonly Change[]): void => void calls.push(notes(changes));
  const stop = store.watch({ prefix, onChanges, ...(after === undefined ? {} : { after }) });
  return { calls, stop };
}

export interface Folder {
  file(name: string): string;
  remove(): void;
}

export function makeFolder(): Folder {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-store-'));
  return {
    file: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Numbers from 0 up to `below`, the same for the same seed (mulberry32). */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
