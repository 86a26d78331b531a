/**
 * The stored format. A file says whose it is by `application_id` and its format by `user_version`
 * (https://sqlite.org/fileformat2.html#application_id), so that `file` and any SQLite tool can tell.
 */
export const APPLICATION_ID = 0x53616d70; // 'Samp'

/**
 * `MIGRATIONS[n]` turns format n into n + 1; format 0 is an empty file. Each is one transaction. Never change
 * one that was released: add the next.
 */
export const MIGRATIONS: readonly string[] = [
  // One row for each write, so that a write is one insert at the end of one table. The newest row of a key
  // is its live version; value NULL: the key was deleted. Compaction deletes what newer rows replaced.
  `CREATE TABLE changes (
     revision INTEGER PRIMARY KEY,
     key TEXT NOT NULL,
     created INTEGER NOT NULL,
     checksum INTEGER NOT NULL,
     value BLOB
   ) STRICT;
   CREATE TABLE state (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     compacted INTEGER NOT NULL
   ) STRICT;
   INSERT INTO state VALUES (1, 0);`,
];
