import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Digest, DigestAlgorithm } from '../digest.ts';
import { BlobStorageError } from '../errors.ts';

/** Asks for the first `to` bytes of a file to be hashed; the thread goes on from where it is, else from the start. */
export interface HashOrder {
  readonly file: string;
  readonly algorithm: DigestAlgorithm;
  readonly to: number;
  /** Set where the digest is wanted: the number of the answer, after which the file is forgotten. */
  readonly ask?: number | undefined;
}

export interface HashAnswer {
  readonly ask: number;
  readonly hex?: string;
  readonly error?: unknown;
}

/** Beside what is bundled, or the source. */
const PLACES = ['../hash-worker.mjs', 'hash-worker.ts'];

/**
 * Hashes uploads as their files grow, reading what was just written back from the page cache: half of what a large
 * upload costs is its hash, and the thread that receives it has enough to do. Orders repeat all that is needed, so a
 * thread that died, or a file that a process before wrote, is no special case.
 */
export class HashThread {
  #worker: Worker | undefined;
  #asked = 0;
  readonly #asks = new Map<number, PromiseWithResolvers<string>>();

  /** So many bytes of a file are there to be hashed. */
  reach(file: string, algorithm: DigestAlgorithm, to: number): void {
    this.#post({ file, algorithm, to });
  }

  /** @throws BlobStorageError where the file cannot be read */
  async digest(file: string, algorithm: DigestAlgorithm, to: number): Promise<Digest> {
    const ask = ++this.#asked;
    const waiting = Promise.withResolvers<string>();
    this.#asks.set(ask, waiting);
    this.#post({ file, algorithm, to, ask });
    // nobody else may be there to wait for it
    this.#worker?.ref();
    try {
      return `${algorithm}:${await waiting.promise}` as Digest;
    } catch (error) {
      throw new BlobStorageError('an upload cannot be hashed', error);
    } finally {
      this.#asks.delete(ask);
      if (this.#asks.size === 0) this.#worker?.unref();
    }
  }

  /** Nobody will ask for the file. */
  forget(file: string): void {
    this.#worker?.postMessage({ forget: file });
  }

  /** What is asked for fails. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #post(order: HashOrder): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(order);
  }

  #start(): Worker {
    const places = PLACES.map((place) => join(import.meta.dirname, place));
    const worker = new Worker(places.find((place) => existsSync(place)) ?? places.join(' or '));
    worker.unref();
    worker.on('message', ({ ask, hex, error }: HashAnswer) => {
      const waiting = this.#asks.get(ask);
      if (hex === undefined) waiting?.reject(error);
      else waiting?.resolve(hex);
    });
    let why: unknown = new Error('its thread ended');
    worker.on('error', (error) => {
      why = error;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const { reject } of this.#asks.values()) reject(why);
    });
    return worker;
  }
}
