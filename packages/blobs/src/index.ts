/** Content-addressed blobs. Start with `blob-store.ts`, the contract. */
export * from './blob-store.ts';
export * from './digest.ts';
export * from './errors.ts';
export * from './files/file-blob-store.ts';
export { linkBlob } from './files/link-blob.ts';
