import { type FieldError, invalid } from '../../meta/field-error.ts';
import { shownSchema } from '../crd-internal.ts';
import type { JsonSchema } from '../json-schema.ts';

/** By their names in Go, as the message lists them. */
const GO_NAMES =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';

/** `XValidations` is written x-kubernetes-validations, `MaxItems` maxItems. */
const keywordOf = (goName: string): string =>
  /^X[A-Z]/.test(goName)
    ? `x-kubernetes${goName.slice(1).replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`
    : `${goName.charAt(0).toLowerCase()}${goName.slice(1)}`;

const ALLOWED: ReadonlySet<string> = new Set(GO_NAMES.split(' ').map(keywordOf));

/**
 * The root of a schema with a status subresource: what it says must be separable into that of spec and of
 * status. Source: apiextensions-apiserver validation.validateCustomResourceDefinitionOpenAPISchema.
 */
export function rootFieldErrors(schema: JsonSchema, path: string): FieldError[] {
  const only = (what: string): string =>
    `only ${what} at the root of the schema if the status subresource is enabled`;
  if (schema.type && schema.type !== 'object') {
    return [invalid(`${path}.type`, schema.type, only('"object" is allowed as the type'))];
  }
  for (const [name, value] of Object.entries(schema)) {
    if (ALLOWED.has(name) || value === undefined || value === false || value === '') continue;
    return [invalid(path, shownSchema(schema), only(`[${GO_NAMES}] fields are allowed`))];
  }
  return [];
}
