import { deepEqual } from '@sampan/base';
import { duplicate, type FieldError, invalid, required, tooMany } from '../../meta/field-error.ts';
import { validFieldPath } from '../cel/field-path.ts';
import type { CrdVersion, CustomResourceDefinition } from '../crd.ts';
import type { JsonSchema } from '../json-schema.ts';

type SelectableFields = NonNullable<CrdVersion['selectableFields']>;

const MAX_FIELDS = 8;
const TYPES = ['string', 'boolean', 'integer'];

/**
 * Errors of the fields that selectors may name (KEP-4358). An old definition that had too many may keep them.
 * Source: apiextensions-apiserver validation.ValidateCustomResourceSelectableFields.
 */
export function selectableFieldsErrors(
  fields: SelectableFields,
  schema: JsonSchema,
  path: string,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  fields.forEach(({ jsonPath }, i) => {
    errors.push(...fieldErrors(jsonPath, schema, `${path}[${i}].jsonPath`, seen));
  });
  if (seen.size > MAX_FIELDS && !hadTooMany(old, fields)) errors.push(tooMany(path, seen.size, MAX_FIELDS));
  return errors;
}

/** Adds the path, in its plain form, to those that were seen. */
function fieldErrors(jsonPath: string, schema: JsonSchema, field: string, seen: Set<string>): FieldError[] {
  if (!jsonPath) return [required(field)];
  const found = validFieldPath(jsonPath, schema, false);
  if ('problem' in found) return [invalid(field, jsonPath, `is an invalid path: ${found.problem}`)];
  const errors: FieldError[] = [];
  if (found.root === 'metadata')
    errors.push(invalid(field, jsonPath, 'must not point to fields in metadata'));
  if (!TYPES.includes(found.schema.type ?? '')) {
    const text =
      'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
    errors.push(invalid(field, jsonPath, text));
  }
  if (seen.has(found.path)) errors.push(duplicate(field, jsonPath));
  seen.add(found.path);
  return errors;
}

function hadTooMany(old: CustomResourceDefinition | undefined, fields: SelectableFields): boolean {
  return (old?.spec.versions ?? []).some(
    ({ selectableFields = [] }) =>
      selectableFields.length > MAX_FIELDS && deepEqual(selectableFields, fields),
  );
}
