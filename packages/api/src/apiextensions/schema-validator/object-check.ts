import { invalid, required, tooMany } from '../../meta/field-error.ts';
import { additionalSchema, type JsonSchema } from '../json-schema.ts';
import { type Compile, checkPart, type DeepCheck } from './check.ts';
import type { Run } from './run.ts';

/** `properties`, `additionalProperties`, `required`, `minProperties` and `maxProperties`. */
export function objectCheck(
  schema: JsonSchema,
  compile: Compile,
): DeepCheck<Readonly<Record<string, unknown>>> {
  const properties = new Map(
    Object.entries(schema.properties ?? {}).map(([name, sub]) => [name, compile(sub)]),
  );
  const extraSchema = additionalSchema(schema);
  const extra = extraSchema && compile(extraSchema);
  const isClosed = schema.additionalProperties === false;
  const { minProperties, maxProperties, required: needed = [] } = schema;
  return (value, run, old) => {
    const keys = Object.keys(value);
    if (minProperties !== undefined && keys.length < minProperties)
      run.wrongValue(keys.length, `should have at least ${minProperties} properties`);
    if (maxProperties !== undefined && keys.length > maxProperties)
      reportTooMany(run, keys.length, maxProperties);
    const isRoot = run.segments.length === 0;
    for (const key of keys) {
      const property = properties.get(key);
      if (property) {
        // which kind an object is of is never what it was before
        const before = isRoot && (key === 'kind' || key === 'apiVersion') ? undefined : old?.key(key);
        checkPart(property, value[key], run, isRoot ? key : `.${key}`, before);
      } else if (isClosed) {
        reportForbidden(run, key);
      } else if (extra) {
        checkPart(extra, value[key], run, `.${key}`, old?.key(key));
      }
    }
    for (const key of needed) if (!Object.hasOwn(value, key)) reportMissing(run, key);
  };
}

function reportTooMany(run: Run, count: number, limit: number): void {
  const name = run.path;
  const message = `${name} in body should have at most ${limit} properties`;
  run.add({ name, message, toError: (field) => tooMany(field, count, limit) });
}

function reportForbidden(run: Run, key: string): void {
  const name = run.path;
  const message = `${name}.${key} in body is a forbidden property`;
  run.add({ name, message, toError: (field) => invalid(field, key, message) });
}

function reportMissing(run: Run, key: string): void {
  const name = `${run.path}.${key}`;
  run.add({ name, message: `${name} in body is required`, toError: (field) => required(field) });
}
