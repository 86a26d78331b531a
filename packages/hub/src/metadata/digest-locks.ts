/**
 * One holder per digest in this process: committing a blob and recording it is one step to the collector, and so is
 * its check that nobody needs a blob and the deletion. Other names are as good: no digest has a space. Who holds a
 * name may then hold a digest, never the other way.
 */
export class DigestLocks {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `task` when the holders before it have ended; hands on what it gives or throws. */
  async hold<T>(digest: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(digest);
    const run = before ? before.then(task, task) : task();
    this.#tails.set(digest, run);
    try {
      return await run;
    } finally {
      if (this.#tails.get(digest) === run) this.#tails.delete(digest);
    }
  }
}
