import { readdir } from 'node:fs/promises';
import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../digest.ts';
import { InvalidDigestError } from '../errors.ts';
import { diskError, systemCode } from './disk.ts';
import { algorithmFolder, shardFolder } from './layout.ts';

/** In their order. */
const ALGORITHMS = ['sha256', 'sha512'] as const;

/** The digests of all files in order, behind `after`; looks into a shard only when its turn comes. */
export async function* listBlobFiles(root: string, after: string | undefined): AsyncGenerator<Digest> {
  const last = after === undefined ? undefined : parseDigest(after);
  for (const algorithm of ALGORITHMS) {
    if (last && algorithm < digestAlgorithm(last)) continue;
    const from = last && algorithm === digestAlgorithm(last) ? digestHex(last) : '';
    for (const shard of await names(algorithmFolder(root, algorithm))) {
      if (shard < from.slice(0, 2)) continue;
      for (const hex of await names(shardFolder(root, algorithm, shard))) {
        const digest = hex > from ? digestIn(`${algorithm}:${hex}`) : undefined;
        if (digest) yield digest;
      }
    }
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw diskError('blobs cannot be listed', error);
  }
}

/** undefined: somebody else's file. */
function digestIn(name: string): Digest | undefined {
  try {
    return parseDigest(name);
  } catch (error) {
    if (error instanceof InvalidDigestError) return undefined;
    throw error;
  }
}
