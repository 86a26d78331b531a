/** What is taken in order and given back in reverse. */
export class Releases {
  readonly #tasks: (() => unknown)[] = [];
  #running: Promise<void> | undefined;

  add(task: () => unknown): void {
    this.#tasks.push(task);
  }

  /** May be called twice. */
  run(): Promise<void> {
    this.#running ??= (async () => {
      for (const task of this.#tasks.splice(0).reverse()) await task();
    })();
    return this.#running;
  }
}
