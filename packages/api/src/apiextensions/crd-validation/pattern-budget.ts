import { type FieldError, forbidden } from '../../meta/field-error.ts';
import { type JsonSchema, schemaHas } from '../json-schema.ts';
import { patternWeight } from '../patterns.ts';

/** Most states of all patterns of a definition together: each served version keeps them compiled. */
const MAX_WEIGHT = 200_000;

/** Sampan's own limit: upstream's patterns are as large as a request allows. */
export function patternBudgetErrors(schemas: readonly JsonSchema[]): FieldError[] {
  let weight = 0;
  const seen = new Set<string>();
  for (const schema of schemas) {
    schemaHas(schema, ({ pattern }) => {
      if (pattern && !seen.has(pattern)) weight += patternWeight(pattern);
      if (pattern) seen.add(pattern);
      return false;
    });
  }
  if (weight <= MAX_WEIGHT) return [];
  const text = `the patterns of all schemas together repeat too much: more than ${MAX_WEIGHT} states`;
  return [forbidden('spec.versions', text)];
}
