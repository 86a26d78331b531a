import type { CelType } from '../types.ts';

/** The variables that an expression may use: those of comprehensions around it hide the rule's own. */
export class Scopes {
  /** The rule's own variables that were looked up. */
  readonly used = new Set<string>();
  readonly #variables: ReadonlyMap<string, CelType>;
  readonly #inner: ReadonlyMap<string, CelType>[] = [];

  constructor(variables: ReadonlyMap<string, CelType>) {
    this.#variables = variables;
  }

  /** These hide others of their names until `leave`. */
  enter(variables: ReadonlyMap<string, CelType>): void {
    this.#inner.push(variables);
  }
  leave(): void {
    this.#inner.pop();
  }

  lookup(name: string): CelType | undefined {
    for (let i = this.#inner.length - 1; i >= 0; i--) {
      const type = this.#inner[i]?.get(name);
      if (type) return type;
    }
    const variable = this.#variables.get(name);
    if (variable) this.used.add(name);
    return variable;
  }
}
