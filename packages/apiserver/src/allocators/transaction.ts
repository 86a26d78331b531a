/** What a write took. Exactly one of both is called, once: `commit` when it is stored, else `revert`. */
export interface Allocation {
  commit(): void;
  revert(): void;
}

/** What one write takes and gives up; nothing is given up before it is committed. */
export class Transaction implements Allocation {
  readonly #undo: (() => void)[] = [];
  readonly #later: (() => void)[] = [];
  readonly #dryRun: boolean;

  constructor(dryRun: boolean) {
    this.#dryRun = dryRun;
  }

  took(undo: () => void): void {
    this.#undo.push(undo);
  }

  releases(release: () => void): void {
    this.#later.push(release);
  }

  /** A dry run gives back what it took, and keeps what it would give up. */
  commit(): void {
    if (this.#dryRun) this.revert();
    else for (const release of this.#later) release();
  }

  revert(): void {
    for (const undo of this.#undo.toReversed()) undo();
  }
}
