export type * from './client.ts';
export type * from './reader.ts';
