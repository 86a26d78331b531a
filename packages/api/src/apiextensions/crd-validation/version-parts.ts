import { type FieldError, invalid } from '../../meta/field-error.ts';
import type { CrdVersion, CustomResourceDefinition } from '../crd.ts';
import type { SchemaOptions } from '../crd-schema/schema-options.ts';
import { validateVersionSchema } from '../crd-schema/version-schema.ts';
import { notStructurable } from '../structural.ts';
import { printerColumnErrors } from './printer-column.ts';
import { scaleErrors } from './scale.ts';
import { selectableFieldsErrors } from './selectable-fields.ts';

/** What a version has of its own, or all of them have in common. */
interface VersionParts {
  readonly schema: CrdVersion['schema'];
  readonly subresources: CrdVersion['subresources'];
  readonly columns: CrdVersion['additionalPrinterColumns'];
  readonly selectableFields: CrdVersion['selectableFields'];
  /** Whether there is a status subresource beside the schema. */
  readonly hasStatus: boolean;
}

/** Where the parts are. */
interface PartPlaces {
  readonly path: string;
  readonly schemaPath: string;
  /** What is said of selectable fields where there is no schema. */
  readonly withoutSchema: string;
}

/** Source: apiextensions-apiserver pkg/apis/apiextensions/validation.ValidateCustomResourceDefinitionVersion. */
export function versionPartsErrors(
  parts: VersionParts,
  { path, schemaPath, withoutSchema }: PartPlaces,
  options: SchemaOptions,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  const schema = parts.schema?.openAPIV3Schema;
  if (schema) errors.push(...validateVersionSchema(schema, parts.hasStatus, options, schemaPath));
  errors.push(...scaleErrors(parts.subresources?.scale, `${path}.subresources`));
  parts.columns?.forEach((column, i) => {
    errors.push(...printerColumnErrors(column, `${path}.additionalPrinterColumns[${i}]`));
  });
  const fields = parts.selectableFields ?? [];
  if (fields.length === 0) return errors;
  const fieldsPath = `${path}.selectableFields`;
  if (!schema) return [...errors, invalid(fieldsPath, '', withoutSchema)];
  const unreadable = notStructurable(schema);
  if (unreadable !== undefined) errors.push(invalid(`${path}.schema.openAPIV3Schema`, '', unreadable));
  return [...errors, ...selectableFieldsErrors(fields, schema, fieldsPath, old)];
}
