import { type FieldError, forbidden, invalid } from '../../meta/field-error.ts';
import { validateDefaults } from '../default-validation.ts';
import type { JsonSchema } from '../json-schema.ts';
import { notStructurable, validateStructural } from '../structural.ts';
import { rootFieldErrors } from './root-fields.ts';
import { RuleContext } from './rule-context.ts';
import type { SchemaOptions } from './schema-options.ts';
import { walkErrors } from './schema-walk.ts';

/**
 * Errors of one version's schema; `path` is that of the object with `openAPIV3Schema`. Source:
 * apiextensions-apiserver pkg/apis/apiextensions/validation.validateCustomResourceDefinitionValidation.
 */
export function validateVersionSchema(
  schema: JsonSchema,
  hasStatus: boolean,
  options: SchemaOptions,
  path: string,
): FieldError[] {
  const at = `${path}.openAPIV3Schema`;
  const errors = hasStatus ? rootFieldErrors(schema, at) : [];
  if (schema.nullable) errors.push(forbidden(`${at}.nullable`, 'nullable cannot be true at the root'));
  const unreadable = notStructurable(schema);
  const structural = unreadable === undefined ? structureErrors(schema, at, options) : [];
  errors.push(...structural);
  const isStructural = unreadable === undefined && structural.length === 0;
  const context = isStructural ? new RuleContext(schema) : undefined;
  errors.push(...walkErrors(schema, at, options, context));
  // what makes it unreadable is usually told better by the walk
  if (errors.length === 0 && unreadable !== undefined) errors.push(invalid(at, '', unreadable));
  if (context) errors.push(...context.budget.errors(at));
  return errors;
}

/** Defaults are looked at once they have a structure to be right for. */
function structureErrors(schema: JsonSchema, path: string, options: SchemaOptions): FieldError[] {
  const errors = validateStructural(schema, path);
  return errors.length > 0 ? errors : validateDefaults(schema, path, options.requirePrunedDefaults);
}
