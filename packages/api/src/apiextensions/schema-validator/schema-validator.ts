import { type FieldError, invalid, OMIT_VALUE } from '../../meta/field-error.ts';
import type { Correlated } from '../correlate.ts';
import { childField, NO_PATH } from '../field-path.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { DeepCheck } from './check.ts';
import { compileSchema } from './compile-schema.ts';
import { MAX_STEPS, Run, TooComplex } from './run.ts';

/**
 * Validates values by an OpenAPI v3 schema, with the checks, order and texts of kube-openapi's
 * pkg/validation/validate. Compiled once per schema; patterns match in linear time.
 */
export class SchemaValidator {
  readonly #check: DeepCheck;

  constructor(schema: JsonSchema) {
    this.#check = compileSchema(schema);
  }

  /** Errors of the value; `prefix` is put before the fields (`status` for the status subresource). */
  validate(value: unknown, prefix = ''): FieldError[] {
    return this.#run(value, prefix, undefined);
  }

  /** As validate, but unchanged parts may stay invalid (KEP-4008, ratcheting). */
  validateUpdate(value: unknown, correlated: Correlated | undefined, prefix = ''): FieldError[] {
    return this.#run(value, prefix, correlated);
  }

  #run(value: unknown, prefix: string, correlated: Correlated | undefined): FieldError[] {
    const run = new Run();
    try {
      this.#check(value, run, correlated);
    } catch (error) {
      if (!(error instanceof TooComplex)) throw error;
      const text = `validation by the schema takes more than ${MAX_STEPS} steps; make the object or the schema smaller`;
      return [invalid(prefix || NO_PATH, OMIT_VALUE, text)];
    }
    if (run.found.length === 0 || correlated?.equal) return [];
    return run.found.map(({ name, toError }) => {
      const rest = name.startsWith('.') ? name.slice(1) : name;
      return toError(rest === '' ? prefix || NO_PATH : childField(prefix, rest));
    });
  }
}
