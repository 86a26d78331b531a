/**
 * Tier 2: what speaks to a Kubernetes API. Start with `client.ts` (what a client is), then `reconciler.ts` (what
 * controllers are made of).
 */
export type * from './client.ts';
export { decideApproval, SIGNER, type SigningRequest, signApproved } from './csr/csr-rules.ts';
export * from './pki/index.ts';
export type * from './reader.ts';
