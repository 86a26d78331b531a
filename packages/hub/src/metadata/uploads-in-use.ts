/** Which uploads requests go on with, for the collector to let them be, however long one waits for a lock. */
export class UploadsInUse {
  /** By the upload: how many requests. */
  readonly #requests = new Map<string, number>();
  #watched: Set<string> | undefined;

  /** A request goes on with it until the returned function is called, once; others may do so at the same time. */
  begin(id: string): () => void {
    this.#requests.set(id, (this.#requests.get(id) ?? 0) + 1);
    this.#watched?.add(id);
    return () => {
      const left = (this.#requests.get(id) ?? 0) - 1;
      if (left > 0) this.#requests.set(id, left);
      else this.#requests.delete(id);
    };
  }

  /**
   * Runs `task` with a set that has all uploads that are in use at its begin or come to be so until it ends. One at a
   * time.
   */
  async watch<T>(task: (used: ReadonlySet<string>) => Promise<T>): Promise<T> {
    this.#watched = new Set(this.#requests.keys());
    try {
      return await task(this.#watched);
    } finally {
      this.#watched = undefined;
    }
  }
}
