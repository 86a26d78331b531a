import { UploadBusyError } from './errors.ts';

/** Lets one task run at a time and refuses the others: nobody waits for a client that is slow. */
export class Exclusive {
  readonly #id: string;
  #busy = false;

  constructor(id: string) {
    this.#id = id;
  }

  get busy(): boolean {
    return this.#busy;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new UploadBusyError(this.#id);
    this.#busy = true;
    try {
      return await task();
    } finally {
      this.#busy = false;
    }
  }
}
