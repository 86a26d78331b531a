import { compilePattern } from '../../patterns.ts';
import { type CallExpr, type Expr, type Literal, Uint } from '../ast.ts';
import { parseDuration, parseTime, timeOf } from '../functions/conversions.ts';
import { BOOL, type CelType, INT, STRING, simple } from '../types.ts';

export function literalType(value: Literal): CelType {
  if (value === null) return simple('null');
  if (value instanceof Uint) return simple('uint');
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'string':
      return STRING;
    case 'bigint':
      return INT;
    case 'number':
      return simple('double');
    default:
      return simple('bytes');
  }
}

/** Functions whose first argument may be a literal that they can never take; these throw then. */
const READERS: ReadonlyMap<string, (value: Literal) => unknown> = new Map<
  string,
  (value: Literal) => unknown
>([
  ['duration', (value) => typeof value === 'string' && parseDuration(value)],
  ['timestamp', (value) => (typeof value === 'bigint' ? timeOf(value) : parseTime(String(value)))],
  ['matches', (value) => compilePattern(String(value))],
]);

/**
 * The literal argument that the function could never read: a wrong duration, time or pattern. Of `matches(text,
 * pattern)` upstream looks at the text, too. Source: cel-go cel/validator.go.
 */
export function unreadableLiteral(call: CallExpr): Expr | undefined {
  const read = READERS.get(call.fn);
  const [argument] = call.args;
  if (!read || argument?.kind !== 'const') return undefined;
  try {
    read(argument.value);
    return undefined;
  } catch {
    return argument;
  }
}
