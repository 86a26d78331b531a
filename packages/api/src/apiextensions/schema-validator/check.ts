import type { Correlated } from '../correlate.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { Run } from './run.ts';

/** A compiled part of a schema: adds to the run what is wrong with a value of the kind that it is for. */
export type Check<Value = unknown> = (value: Value, run: Run) => void;

/** A check of values with parts, which may stay as they were in the old value (KEP-4008). */
export type DeepCheck<Value = unknown> = (value: Value, run: Run, old: Correlated | undefined) => void;

/** A schema to be compiled when it is first used: most of a large one never is, for a small object. */
export type Compile = (schema: JsonSchema) => DeepCheck;

/** Checks a part of the value, and forgets its errors when the part is as it was before. */
export function checkPart(
  check: DeepCheck,
  value: unknown,
  run: Run,
  segment: string,
  old: Correlated | undefined,
): void {
  run.segments.push(segment);
  if (old === undefined) {
    check(value, run, undefined);
  } else {
    const own = run.branch();
    check(value, own, old);
    if (own.found.length > 0 && old.equal) run.matches += own.matches;
    else run.merge(own);
  }
  run.segments.pop();
}
