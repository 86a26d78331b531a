/** SQL on SQLite or PostgreSQL. Start with `records.ts`, the contract. */
export * from './records.ts';
