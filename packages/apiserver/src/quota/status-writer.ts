import { StatusError } from '@sampan/api';
import { messageOf } from '@sampan/base';
import type { AdmissionOptions } from '../admission/options.ts';
import { QUOTA_REF } from './quota-ref.ts';

const RETRY_MS = 1000;

/**
 * Keeps `status` of quotas at what is counted. A mark is enough: what to write is asked when it is written, so many
 * marks cost one write, and a write that fails is tried again a second later. Writes start in the tick of the mark,
 * so they share the commit of the write that caused them.
 */
export class StatusWriter {
  readonly #options: Pick<AdmissionOptions, 'client' | 'clock' | 'log'>;
  readonly #statusOf: (namespace: string, name: string) => object | undefined;
  readonly #marked = new Map<string, { namespace: string; name: string }>();
  readonly #busy = new Set<string>();
  #scheduled = false;
  #closed = false;

  constructor(
    options: Pick<AdmissionOptions, 'client' | 'clock' | 'log'>,
    statusOf: (namespace: string, name: string) => object | undefined,
  ) {
    this.#options = options;
    this.#statusOf = statusOf;
  }

  /** The quota's status may have to be written. */
  mark(namespace: string, name: string): void {
    this.#marked.set(`${namespace}/${name}`, { namespace, name });
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  close(): void {
    this.#closed = true;
    this.#marked.clear();
  }

  #flush(): void {
    for (const [key, { namespace, name }] of this.#marked) {
      if (this.#closed || this.#busy.has(key)) continue;
      this.#marked.delete(key);
      const status = this.#statusOf(namespace, name);
      if (!status) continue;
      this.#busy.add(key);
      void this.#write(namespace, name, status).then((done) => {
        this.#busy.delete(key);
        if (done) this.mark(namespace, name);
        else this.#options.clock.schedule(() => this.mark(namespace, name), RETRY_MS);
      });
    }
  }

  /** False: it has to be tried again later. */
  async #write(namespace: string, name: string, status: object): Promise<boolean> {
    const patch = [{ op: 'add', path: '/status', value: status }];
    try {
      const client = this.#options.client();
      await client.patch(QUOTA_REF, namespace, name, 'json', patch, { subresource: 'status' });
      return true;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return true;
      this.#options.log.warn('the use of a quota could not be written', {
        quota: `${namespace}/${name}`,
        error: messageOf(error),
      });
      return false;
    }
  }
}
