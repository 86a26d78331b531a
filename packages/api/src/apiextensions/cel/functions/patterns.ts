import {
  compilePattern,
  isCompiled,
  MAX_PATTERN_WEIGHT,
  type Pattern,
  patternWeight,
} from '../../patterns.ts';
import { CelError, CostLimitError, spend } from '../values.ts';

/** Compiling a pattern that depends on the object is work that its cost does not tell. */
function chargeCompile(pattern: string): void {
  spend(isCompiled(pattern) ? 1 : 20 * Math.min(patternWeight(pattern), MAX_PATTERN_WEIGHT));
}

/** So many steps of a search are within the cost that upstream tells. */
const FREE_STEPS = 100_000;

/** Upstream's cost knows the length of a pattern, not how often it repeats. */
function chargeSearch(steps: number): void {
  if (steps > FREE_STEPS) spend(steps / 4);
}

export const matches = (value: string, pattern: string): boolean =>
  pattern === '' || regex('', value, pattern, (compiled) => compiled.test(value));

/** `what` is put before messages of patterns that are none. */
export function regex<T>(what: string, value: string, pattern: string, use: (compiled: Pattern) => T): T {
  chargeCompile(pattern);
  try {
    const compiled = compilePattern(pattern);
    chargeSearch(compiled.steps(value));
    return use(compiled);
  } catch (error) {
    if (error instanceof CostLimitError) throw error;
    throw new CelError(`${what}${error instanceof Error ? error.message : String(error)}`);
  }
}
export const ILLEGAL = 'Illegal regex: ';
