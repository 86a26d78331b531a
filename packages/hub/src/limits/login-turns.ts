interface Turns {
  count: number;
  decided: PromiseWithResolvers<void>;
}

/** Logins whose passwords are being looked at, by what they count for. */
export class LoginTurns {
  readonly #turns = new Map<string, Turns>();

  count(key: string): number {
    return this.#turns.get(key)?.count ?? 0;
  }

  /** Resolves when the next of those that are looked at is decided; at once when there are none. */
  async decided(key: string): Promise<void> {
    await this.#turns.get(key)?.decided.promise;
  }

  /** One is looked at; the returned function, to be called once, says that it is decided. */
  begin(key: string): () => void {
    const turns = this.#turns.get(key) ?? { count: 0, decided: Promise.withResolvers<void>() };
    this.#turns.set(key, turns);
    turns.count += 1;
    return () => {
      turns.count -= 1;
      if (turns.count === 0) this.#turns.delete(key);
      turns.decided.resolve();
      turns.decided = Promise.withResolvers<void>();
    };
  }
}
