import { createHash, type Hash } from 'node:crypto';
import { type Digest, type DigestAlgorithm, finishDigest } from '../digest.ts';
import type { HashThread } from './hash-thread.ts';

/** Up to here an upload is hashed where it is received, which takes less time than to have it done elsewhere. */
const HERE_BYTES = 1024 * 1024;

/** The thread is told of so many bytes at a time. */
const TELL_BYTES = 1024 * 1024;

/** The hash of an upload on its way to its file. */
export class UploadHash {
  readonly #file: string;
  readonly #thread: HashThread;
  /** That the upload's digest will probably have. */
  readonly #algorithm: DigestAlgorithm | undefined;
  /** Of all bytes so far, while they are few. */
  #here: Hash | undefined;
  /** Bytes that the thread knows of. */
  #told = 0;

  /** `algorithm`: of an upload that has no bytes yet; undefined: a process before wrote some, which are in the file. */
  constructor(file: string, thread: HashThread, algorithm: DigestAlgorithm | undefined) {
    this.#file = file;
    this.#thread = thread;
    this.#algorithm = algorithm;
    this.#here = algorithm && createHash(algorithm);
  }

  /** Bytes are being written. */
  update(batch: readonly Uint8Array[]): void {
    for (const bytes of batch) this.#here?.update(bytes);
  }

  /** Their write failed: what was hashed here is ahead of the file. */
  failed(): void {
    this.#here = undefined;
  }

  /** The file has `size` bytes. */
  wrote(size: number): void {
    if (size <= HERE_BYTES) return;
    this.#here = undefined;
    if (!this.#algorithm || size - this.#told < TELL_BYTES) return;
    this.#told = size;
    this.#thread.reach(this.#file, this.#algorithm, size);
  }

  /** Of all `size` bytes; when asked once more, the file is read. */
  async digest(algorithm: DigestAlgorithm, size: number): Promise<Digest> {
    const here = this.#here;
    this.#here = undefined;
    if (here && algorithm === this.#algorithm) return finishDigest(here, algorithm);
    return this.#thread.digest(this.#file, algorithm, size);
  }

  /** The upload is given up. */
  end(): void {
    if (this.#told > 0) this.#thread.forget(this.#file);
  }
}
