import { join } from 'node:path';
import { type Digest, type DigestAlgorithm, digestAlgorithm, digestHex } from '../digest.ts';

/**
 * Where things are below a store's folder:
 * `blobs/sha256/AB/ABCD…` (256 shards, so that no folder gets too long), `uploads/ID`.
 */
export const uploadsFolder = (root: string): string => join(root, 'uploads');

export const uploadFile = (root: string, id: string): string => join(root, 'uploads', id);

export const algorithmFolder = (root: string, algorithm: DigestAlgorithm): string =>
  join(root, 'blobs', algorithm);

export const shardFolder = (root: string, algorithm: DigestAlgorithm, shard: string): string =>
  join(root, 'blobs', algorithm, shard);

export const blobFolder = (root: string, digest: Digest): string =>
  shardFolder(root, digestAlgorithm(digest), digestHex(digest).slice(0, 2));

export const blobFile = (root: string, digest: Digest): string =>
  join(blobFolder(root, digest), digestHex(digest));
