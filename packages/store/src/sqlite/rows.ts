import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Row } from '../driver.ts';

export const insertRow =
  'INSERT INTO changes (revision, key, created, checksum, value) VALUES (?, ?, ?, ?, ?)';

export function writeRow(insert: StatementSync, row: Row): void {
  const { revision, key, created, value } = row;
  insert.run(revision, key, created, checksum(row), value ?? null);
}

/** A row without its value: revision, key, created, checksum, and the value's length; null: deleted. */
type Head = [number, string, number, number, number | null];

/** Rows that are read together, and the sum of their values unless a single one has more. */
const HEADS = 256;
const RUN_BYTES = 128 << 10;

/**
 * All rows in order of revision; throws at one that is not as it was written. A run of values comes as one
 * blob: a buffer for each would take twice as long and leave the process's memory in tatters.
 */
export function* readRows(database: DatabaseSync): Generator<Row> {
  const heads = database.prepare(
    `SELECT revision, key, created, checksum, length(value) FROM changes
     WHERE revision > ? ORDER BY revision LIMIT ${HEADS}`,
  );
  heads.setReturnArrays(true);
  // In UTF-8 databases the way through text changes no byte; the checksums would tell.
  const values = database.prepare(
    "SELECT CAST(group_concat(value, '') AS BLOB) AS bytes FROM changes WHERE revision BETWEEN ? AND ?",
  );
  for (let last = 0; ; ) {
    // With arrays set, node:sqlite returns arrays; its types speak of objects only.
    const page = heads.all(last) as unknown as Head[];
    if (page.length === 0) return;
    for (const run of runsOf(page)) yield* readRun(values, run);
    last = page.at(-1)?.[0] ?? last;
  }
}

function runsOf(heads: readonly Head[]): Head[][] {
  const runs: Head[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const head of heads) {
    const length = head[4] ?? 0;
    if (bytes + length > RUN_BYTES) {
      runs.push([]);
      bytes = 0;
    }
    runs.at(-1)?.push(head);
    bytes += length;
  }
  return runs;
}

function* readRun(values: StatementSync, run: readonly Head[]): Generator<Row> {
  const bytes = values.get(run[0]?.[0] ?? 0, run.at(-1)?.[0] ?? 0)?.bytes;
  const all = bytes instanceof Uint8Array ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : EMPTY;
  let at = 0;
  for (const [revision, key, created, expected, length] of run) {
    const value = length === null ? undefined : all.subarray(at, at + length);
    at += length ?? 0;
    const row: Row = { revision, key, created, value };
    if (checksum(row) !== expected) throw new Error(`the row of revision ${revision} is damaged`);
    yield row;
  }
}

const EMPTY = Buffer.alloc(0);

/** SQLite notices damage to the structure of pages; this is for the contents. */
function checksum({ revision, key, created, value }: Row): number {
  const start = crc32(key, (revision * 3 + created) >>> 0);
  return value ? crc32(value, start) : start;
}
