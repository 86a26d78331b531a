import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Row } from '../driver.ts';

export const insertRow =
  'INSERT INTO changes (revision, key, created, checksum, value) VALUES (?, ?, ?, ?, ?)';

export function writeRow(insert: StatementSync, row: Row): void {
  const { revision, key, created, value } = row;
  insert.run(revision, key, created, checksum(row), value ?? null);
}

/** All rows in order of revision; throws at one that is not as it was written. */
export function* readRows(database: DatabaseSync): Generator<Row> {
  const select = database.prepare(
    'SELECT revision, key, created, value, checksum FROM changes ORDER BY revision',
  );
  select.setReturnArrays(true);
  // With arrays set, node:sqlite yields arrays; its types speak of objects only.
  for (const values of select.iterate() as unknown as Iterable<
    [number, string, number, Uint8Array | null, number]
  >) {
    const row: Row = {
      revision: values[0],
      key: values[1],
      created: values[2],
      value: values[3] ?? undefined,
    };
    if (checksum(row) !== values[4]) throw new Error(`the row of revision ${row.revision} is damaged`);
    yield row;
  }
}

/** SQLite notices damage to the structure of pages; this is for the contents. */
function checksum({ revision, key, created, value }: Row): number {
  const start = crc32(key, (revision * 3 + created) >>> 0);
  return value ? crc32(value, start) : start;
}
