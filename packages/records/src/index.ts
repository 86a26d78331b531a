/** SQL on SQLite or PostgreSQL. Start with `records.ts`, the contract. */
export * from './errors.ts';
export * from './postgres/open-postgres-records.ts';
export * from './records.ts';
export * from './sqlite/open-sqlite-records.ts';
