import type { Records } from '@sampan/records';
import type { HubTables } from './schema.ts';
import { addUpload, findUpload, forgetUpload, hasUploads, type UploadRecord } from './uploads.ts';

/**
 * The uploads that were begun and have not ended. One that has no bytes yet is in memory alone, since nobody misses it:
 * most blobs are small and come in one request, which then costs no trip to the disk for its session.
 */
export class UploadBook {
  readonly #records: Records<HubTables>;
  /** Not written yet. */
  readonly #fresh = new Map<string, UploadRecord>();
  /** Being written. */
  readonly #keeping = new Map<string, Promise<void>>();

  constructor(records: Records<HubTables>) {
    this.#records = records;
  }

  begin(upload: UploadRecord): void {
    this.#fresh.set(upload.id, upload);
  }

  async find(id: string): Promise<UploadRecord | undefined> {
    return this.#fresh.get(id) ?? findUpload(this.#records.read, id);
  }

  /** Whether someone has begun `count` uploads that are neither finished nor given up. */
  async has(caller: string, count: number): Promise<boolean> {
    const fresh = this.#fresh.values().filter((upload) => upload.caller === caller);
    const left = count - fresh.toArray().length;
    return left <= 0 || hasUploads(this.#records.read, caller, left);
  }

  /** Once it resolves, the upload outlives this process. Requests for one upload may overlap: it is written once. */
  async keep(id: string): Promise<void> {
    const upload = this.#fresh.get(id);
    if (!upload) return;
    const keeping = this.#keeping.get(id) ?? this.#write(upload).finally(() => this.#keeping.delete(id));
    this.#keeping.set(id, keeping);
    await keeping;
  }

  async #write(upload: UploadRecord): Promise<void> {
    await this.#records.write((to) => addUpload(to, upload));
    // it ended meanwhile
    if (!this.#fresh.delete(upload.id)) await this.#records.write((to) => forgetUpload(to, upload.id));
  }

  /** Nobody can go on with it any more. Whether something may be written of it, which is to be forgotten then. */
  ended(id: string): boolean {
    // what is being written is forgotten by who writes it
    return !this.#fresh.delete(id);
  }

  /** Forgets it altogether. */
  async end(id: string): Promise<void> {
    if (this.ended(id)) await this.#records.write((to) => forgetUpload(to, id));
  }
}
