import type { Issue } from '../ast.ts';
import { type CelType, ERROR, formatType } from '../types.ts';
import type { Unification } from './unification.ts';

const MAX_ISSUES = 100;

/**
 * What the checker finds wrong, in cel-go's words (checker/errors.go). Each report gives the type that stands
 * for the wrong part, which fits everywhere, so that one mistake is told once.
 */
export class TypeIssues {
  readonly all: Issue[] = [];
  readonly #unification: Unification;

  constructor(unification: Unification) {
    this.#unification = unification;
  }

  report(pos: number, message: string): CelType {
    if (this.all.length < MAX_ISSUES) this.all.push({ pos, message });
    return ERROR;
  }
  undeclared(pos: number, name: string): CelType {
    return this.report(pos, `undeclared reference to '${name}' (in container '')`);
  }
  mismatch(pos: number, expected: CelType, found: CelType): CelType {
    return this.report(pos, `expected type '${this.shown(expected)}' but found '${this.shown(found)}'`);
  }
  noOverload(pos: number, name: string, args: readonly CelType[], member: boolean): CelType {
    const shown = args.map((type) => this.shown(type));
    const signature = member ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
    return this.report(pos, `found no matching overload for '${name}' applied to '${signature}'`);
  }

  shown(type: CelType): string {
    return formatType(this.#unification.settled(type));
  }
}
