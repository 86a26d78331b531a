import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobStore, Upload } from '@sampan/blobs';
import type { Records } from '@sampan/records';
import type { KyselyPlugin } from 'kysely';
import type { HubTables } from '../src/index.ts';
import { replaced } from './replaced.ts';

/** Storage that takes its time, now for this call and now for that one: what overlaps does so in many orders. */
export class Delays {
  readonly #random: () => number;
  readonly #mostMs: number;

  /** `random`: 0 up to 1. */
  constructor(random: () => number, mostMs: number) {
    this.#random = random;
    this.#mostMs = mostMs;
  }

  records(records: Records<HubTables>): Records<HubTables> {
    const slow: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        await this.#wait();
        return result;
      },
    };
    return replaced(records, {
      read: records.read.withPlugin(slow),
      write: (task) => this.#around(() => records.write(task)),
    });
  }

  blobs(blobs: BlobStore): BlobStore {
    return replaced(blobs, {
      createUpload: async (options) => this.#upload(await this.#around(() => blobs.createUpload(options))),
      openUpload: async (id) => this.#upload(await this.#around(() => blobs.openUpload(id))),
      listUploads: (options) => this.#around(() => blobs.listUploads(options)),
      delete: (digest) => this.#around(() => blobs.delete(digest)),
    });
  }

  #upload(upload: Upload): Upload {
    return replaced(upload, {
      append: (body, options) => this.#around(() => upload.append(body, options)),
      commit: (digest) => this.#around(() => upload.commit(digest)),
      cancel: () => this.#around(() => upload.cancel()),
    });
  }

  async #around<T>(task: () => Promise<T>): Promise<T> {
    await this.#wait();
    try {
      return await task();
    } finally {
      await this.#wait();
    }
  }

  async #wait(): Promise<void> {
    if (this.#random() < 0.5) await sleep(this.#random() * this.#mostMs);
  }
}
