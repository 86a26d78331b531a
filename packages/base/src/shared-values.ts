/**
 * Values that are the same for many owners, found by a text that says all of them: held once while anybody holds them,
 * and forgotten afterwards. They must not be changed.
 */
export class SharedValues<V extends object> {
  readonly #byText = new Map<string, WeakRef<V>>();
  readonly #gone = new FinalizationRegistry<string>((text) => {
    // by then another one may have been made
    if (this.#byText.get(text)?.deref() === undefined) this.#byText.delete(text);
  });

  /** The value of a text, made when nobody holds one. */
  get(text: string, make: () => V): V {
    const found = this.#byText.get(text)?.deref();
    if (found) return found;
    const made = make();
    this.#byText.set(text, new WeakRef(made));
    this.#gone.register(made, text);
    return made;
  }

  /** How many are held, give or take those whose last owner went away just now. */
  get size(): number {
    return this.#byText.size;
  }
}
