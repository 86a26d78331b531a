import type { CallExpr, Expr, Issue } from '../ast.ts';
import { interpolate, isSuitable, unsuitable } from '../format-clauses.ts';
import { type CelType, DYN, runtimeName } from '../types.ts';
import { CelError } from '../values.ts';

/**
 * What is wrong with a call of `format` whose text and list are literals: clauses that are none, or do not suit
 * their arguments. Source: cel-go ext/formatting.go (stringFormatValidator).
 */
export function formatIssue(call: CallExpr, types: ReadonlyMap<number, CelType>): Issue | undefined {
  const [list] = call.args;
  if (call.target?.kind !== 'const' || list?.kind !== 'list') return undefined;
  const { value: text } = call.target;
  if (typeof text !== 'string') return undefined;
  let pos = call.pos;
  try {
    interpolate(text, list.items.length, (verb, _digits, index) => {
      const item = list.items[index] as Expr;
      const wrong = verb === 's' ? unshowable(item, types) : isFit(item, verb, types) ? undefined : item;
      if (wrong === undefined) return '';
      pos = wrong.pos;
      throw unsuitable(verb, nameOf(wrong, types) ?? '');
    });
    return undefined;
  } catch (error) {
    if (error instanceof CelError) return { pos, message: error.message };
    throw error;
  }
}

function nameOf(expr: Expr, types: ReadonlyMap<number, CelType>): string | undefined {
  const type = types.get(expr.id) ?? DYN;
  return type.kind === 'object' ? type.name : runtimeName(type);
}

/** Of what is dynamic, nothing is known. */
function isFit(expr: Expr, verb: string, types: ReadonlyMap<number, CelType>): boolean {
  const name = nameOf(expr, types);
  return name === undefined || isSuitable(verb, name);
}

/** The part of an argument that `%s` cannot show. */
function unshowable(expr: Expr, types: ReadonlyMap<number, CelType>): Expr | undefined {
  if (!isFit(expr, 's', types)) return expr;
  const parts =
    expr.kind === 'list'
      ? expr.items
      : expr.kind === 'map'
        ? expr.entries.flatMap(({ key, value }) => [key, value])
        : [];
  for (const part of parts) {
    const wrong = unshowable(part, types);
    if (wrong) return wrong;
  }
  return undefined;
}
