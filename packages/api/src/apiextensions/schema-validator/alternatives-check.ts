import type { Correlated } from '../correlate.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { Compile, DeepCheck } from './check.ts';
import type { Run } from './run.ts';

/**
 * `anyOf`, `oneOf`, `allOf` and `not`. Of schemas that all fail, the one is told of which most checks ran: the
 * value resembles it most. Source: kube-openapi pkg/validation/validate/schema_props.go.
 */
export function alternativesCheck(schema: JsonSchema, compile: Compile): DeepCheck {
  const anyOf = schema.anyOf?.map(compile) ?? [];
  const oneOf = schema.oneOf?.map(compile) ?? [];
  const allOf = schema.allOf?.map(compile) ?? [];
  const not = schema.not && compile(schema.not);
  return (value, run, old) => {
    if (anyOf.length > 0) checkAnyOf(anyOf, value, run, old);
    if (oneOf.length > 0) checkOneOf(oneOf, value, run, old);
    if (allOf.length > 0) checkAllOf(allOf, value, run, old);
    if (not && alone(not, value, run, old).found.length === 0)
      run.wrongWithoutField(`${quotedPath(run)} must not validate the schema (not)`);
  };
}

/** What one of the schemas finds. */
function alone(check: DeepCheck, value: unknown, run: Run, old: Correlated | undefined): Run {
  const own = run.branch();
  check(value, own, old);
  return own;
}

const quotedPath = (run: Run): string => JSON.stringify(run.path);

const better = (best: Run | undefined, other: Run): Run =>
  best === undefined || other.matches > best.matches ? other : best;

function checkAnyOf(
  checks: readonly DeepCheck[],
  value: unknown,
  run: Run,
  old: Correlated | undefined,
): void {
  let best: Run | undefined;
  for (const check of checks) {
    const result = alone(check, value, run, old);
    if (result.found.length === 0) {
      run.merge(result);
      return;
    }
    best = better(best, result);
  }
  run.wrongWithoutField(`${quotedPath(run)} must validate at least one schema (anyOf)`);
  if (best) run.merge(best);
}

function checkOneOf(
  checks: readonly DeepCheck[],
  value: unknown,
  run: Run,
  old: Correlated | undefined,
): void {
  let best: Run | undefined;
  let valid: Run | undefined;
  let count = 0;
  for (const check of checks) {
    const result = alone(check, value, run, old);
    if (result.found.length === 0) {
      count++;
      valid ??= result;
    } else if (count === 0) {
      best = better(best, result);
    }
  }
  if (count === 1 && valid) {
    run.merge(valid);
    return;
  }
  const found = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`;
  run.wrongWithoutField(`${quotedPath(run)} must validate one and only one schema (oneOf). ${found}`);
  if (count === 0 && best) run.merge(best);
}

function checkAllOf(
  checks: readonly DeepCheck[],
  value: unknown,
  run: Run,
  old: Correlated | undefined,
): void {
  let count = 0;
  for (const check of checks) {
    const result = alone(check, value, run, old);
    if (result.found.length === 0) count++;
    run.merge(result);
  }
  if (count === checks.length) return;
  const none = count === 0 ? '. None validated' : '';
  run.wrongWithoutField(`${quotedPath(run)} must validate all the schemas (allOf)${none}`);
}
