import type { CallExpr, Expr, Issue, ListExpr, MapExpr } from '../ast.ts';
import { type CelType, DYN, formatType, sameType } from '../types.ts';
import { formatIssue } from './format-arguments.ts';
import { unreadableLiteral } from './literals.ts';

/**
 * What is refused of an expression though its types fit: literals that a function can never read, and lists
 * and maps that are written with parts of several types (dyn is one of its own). They are told only when
 * nothing else is wrong. Source: cel-go cel/validator.go, apiserver pkg/cel/environment/base.go.
 */
export function validateAst(expr: Expr, types: ReadonlyMap<number, CelType>): Issue[] {
  const validation = new AstValidation(types);
  validation.visit(expr, false);
  return validation.issues;
}

class AstValidation {
  readonly issues: Issue[] = [];
  readonly #types: ReadonlyMap<number, CelType>;
  /** Macros use some parts twice. */
  readonly #visited = new Set<number>();

  constructor(types: ReadonlyMap<number, CelType>) {
    this.#types = types;
  }

  /** `mixed`: within a call of `format`, however deep, literals may have parts of all types. */
  visit(expr: Expr, mixed: boolean): void {
    if (this.#visited.has(expr.id)) return;
    this.#visited.add(expr.id);
    switch (expr.kind) {
      case 'select':
        this.visit(expr.operand, mixed);
        return;
      case 'call':
        this.#call(expr, mixed || expr.fn === 'format');
        return;
      case 'list':
        this.#list(expr, mixed);
        return;
      case 'map':
        this.#map(expr, mixed);
        return;
      case 'struct':
        for (const { value } of expr.fields) this.visit(value, mixed);
        return;
      case 'comprehension':
        for (const part of [expr.range, expr.accuInit, expr.condition, expr.step, expr.result])
          this.visit(part, mixed);
        return;
    }
  }

  #call(expr: CallExpr, mixed: boolean): void {
    const unreadable = unreadableLiteral(expr);
    if (unreadable) this.issues.push({ pos: unreadable.pos, message: `invalid ${expr.fn} argument` });
    const wrongFormat = expr.fn === 'format' ? formatIssue(expr, this.#types) : undefined;
    if (wrongFormat) this.issues.push(wrongFormat);
    if (expr.target) this.visit(expr.target, mixed);
    for (const arg of expr.args) this.visit(arg, mixed);
  }

  /** Of a list the first other type is told, of a map all are. */
  #list({ items, optional }: ListExpr, mixed: boolean): void {
    for (const item of items) this.visit(item, mixed);
    const [first] = items;
    if (mixed || first === undefined) return;
    const expected = this.#type(first, optional.has(0));
    items.some((item, i) => this.#isMismatch(item, expected, this.#type(item, optional.has(i))));
  }

  #map({ entries }: MapExpr, mixed: boolean): void {
    for (const { key, value } of entries) {
      this.visit(key, mixed);
      this.visit(value, mixed);
    }
    const [first] = entries;
    if (mixed || first === undefined) return;
    const keyType = this.#type(first.key, false);
    const valueType = this.#type(first.value, first.optional);
    for (const { key, value, optional } of entries) {
      this.#isMismatch(key, keyType, this.#type(key, false));
      this.#isMismatch(value, valueType, this.#type(value, optional));
    }
  }

  #type(expr: Expr, isOptional: boolean): CelType {
    const type = this.#types.get(expr.id) ?? DYN;
    return isOptional && type.kind === 'optional' ? type.of : type;
  }

  #isMismatch({ pos }: Expr, expected: CelType, found: CelType): boolean {
    if (sameType(expected, found)) return false;
    const message = `expected type '${formatType(expected)}' but found '${formatType(found)}'`;
    this.issues.push({ pos, message });
    return true;
  }
}
