/** Hashes files that grow, on a thread of its own. `HashThread` starts it and says what each message means. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DigestAlgorithm } from '../digest.ts';
import type { HashAnswer, HashOrder } from './hash-thread.ts';

/** What is known of a file. */
interface Followed {
  readonly algorithm: DigestAlgorithm;
  readonly hash: Hash;
  /** Bytes hashed. */
  position: number;
  /** Bytes that may be. */
  to: number;
  /** Whose answer waits for all of them. */
  ask: number | undefined;
}

/** Little enough to be in the processor's cache when it is hashed, right after it was read. */
const piece = Buffer.allocUnsafeSlow(256 * 1024);

const files = new Map<string, Followed>();
/** Those that are behind, in turn: a large file holds up nobody's small one. */
const behind = new Set<string>();

function take({ file, algorithm, to, ask }: HashOrder): void {
  let followed = files.get(file);
  if (followed?.algorithm !== algorithm) {
    followed = { algorithm, hash: createHash(algorithm), position: 0, to, ask };
    files.set(file, followed);
  }
  followed.to = to;
  followed.ask = ask;
  if (behind.size === 0) setImmediate(goOn);
  behind.add(file);
}

/** A piece of the file whose turn it is. */
function goOn(): void {
  const [file] = behind;
  if (file === undefined) return;
  behind.delete(file);
  const followed = files.get(file);
  if (followed && hashPiece(file, followed)) behind.add(file);
  if (behind.size > 0) setImmediate(goOn);
}

/** Whether there is more to do. What failed is forgotten: who asks again has it read anew. */
function hashPiece(file: string, followed: Followed): boolean {
  try {
    const size = read(file, followed);
    followed.hash.update(piece.subarray(0, size));
    followed.position += size;
  } catch (error) {
    files.delete(file);
    answer(followed, { error });
    return false;
  }
  if (followed.position < followed.to) return true;
  if (followed.ask === undefined) return false;
  files.delete(file);
  answer(followed, { hex: followed.hash.digest('hex') });
  return false;
}

function read(file: string, { position, to }: Followed): number {
  const wanted = Math.min(piece.length, to - position);
  if (wanted <= 0) return 0;
  // opened for each piece: a file that nobody goes on with holds no handle
  const handle = openSync(file, 'r');
  try {
    const size = readSync(handle, piece, 0, wanted, position);
    if (size === 0) throw new Error(`the file ends at ${position} of ${to} bytes`);
    return size;
  } finally {
    closeSync(handle);
  }
}

function answer({ ask }: Followed, found: Pick<HashAnswer, 'hex' | 'error'>): void {
  if (ask !== undefined) parentPort?.postMessage({ ask, ...found } satisfies HashAnswer);
}

parentPort?.on('message', (order: HashOrder | { readonly forget: string }) => {
  if (!('forget' in order)) return take(order);
  files.delete(order.forget);
  behind.delete(order.forget);
});
