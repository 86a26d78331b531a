import { compilePattern } from '../../patterns.ts';
import { type CallExpr, type Expr, type Literal, Uint } from '../ast.ts';
import { parseDuration, parseTime } from '../functions/conversions.ts';
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

/** Functions that read a text in a language of its own; these throw when they cannot. */
const READERS: ReadonlyMap<string, (text: string) => unknown> = new Map<string, (text: string) => unknown>([
  ['duration', parseDuration],
  ['timestamp', parseTime],
  ['matches', compilePattern],
]);

/**
 * The literal argument that the function could never read: a wrong duration, time or pattern. Source: cel-go
 * cel/validator.go.
 */
export function unreadableLiteral(call: CallExpr): Expr | undefined {
  const read = READERS.get(call.fn);
  if (!read) return undefined;
  const argument = call.fn === 'matches' && call.target === undefined ? call.args[1] : call.args[0];
  if (argument?.kind !== 'const' || typeof argument.value !== 'string') return undefined;
  try {
    read(argument.value);
    return undefined;
  } catch {
    return argument;
  }
}
