/** What is taken in order and given back in reverse. */
export class Releases {
  readonly #tasks: (() => unknown)[] = [];
  #running: Promise<void> | undefined;

  /** What comes after `run`, of a start that was given up, is given back at once. */
  add(task: () => unknown): void {
    if (this.#running) this.#running = this.#running.then(async () => void (await task()));
    else this.#tasks.push(task);
  }

  /** May be called twice. */
  run(): Promise<void> {
    this.#running ??= (async () => {
      for (const task of this.#tasks.splice(0).reverse()) await task();
    })();
    return this.#running;
  }
}
