export type * from './client.ts';
export type * from './reader.ts';
export * from './pki/index.ts';
