import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import type { CustomResourceDefinition } from '../crd.ts';
import { type InternalSpec, internalSpec } from '../crd-internal.ts';
import { requirementsAfter } from '../crd-schema/schema-options.ts';
import { hasDefault, type JsonSchema, schemaHas } from '../json-schema.ts';
import { conversionErrors } from './conversion.ts';
import { specNamesErrors } from './names.ts';
import { oneOfErrors } from './one-of.ts';
import { patternBudgetErrors } from './pattern-budget.ts';
import { ownVersionsErrors, sharedPartsErrors, versionSetErrors } from './versions.ts';

/**
 * Errors of a spec, in upstream's order. `old` is the definition before an update. Source:
 * apiextensions-apiserver validation.validateCustomResourceDefinitionSpec.
 */
export function specErrors(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const internal = internalSpec(crd);
  const { spec } = internal;
  const requirements = requirementsAfter(old);
  const schemas = schemasOf(internal);
  return [
    ...groupErrors(spec.group ?? ''),
    ...oneOfErrors('spec.scope', spec.scope ?? '', ['Cluster', 'Namespaced']),
    ...missingSchemaErrors(internal, requirements.requireSchema),
    ...uselessDefaultsErrors(internal, schemas),
    ...ownVersionsErrors(crd, internal, requirements, old),
    ...versionSetErrors(internal),
    ...specNamesErrors(spec.names ?? {}),
    ...sharedPartsErrors(crd, internal, requirements, old),
    ...conversionErrors(crd),
    ...patternBudgetErrors(schemas),
  ];
}

function schemasOf({ validation, versions }: InternalSpec): JsonSchema[] {
  const schemas = [validation, ...versions.map((version) => version.schema)];
  return schemas.flatMap((schema) => schema?.openAPIV3Schema ?? []);
}

function groupErrors(group: string): FieldError[] {
  if (group === '') return [required('spec.group')];
  const messages = isDNS1123Subdomain(group);
  if (messages.length > 0) return [invalid('spec.group', group, messages.join(','))];
  return group.includes('.')
    ? []
    : [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

/** Without a schema all fields would be pruned; older definitions may have versions without one. */
function missingSchemaErrors(
  { spec, validation, versions }: InternalSpec,
  isRequired: boolean,
): FieldError[] {
  if (validation?.openAPIV3Schema || (!isRequired && spec.preserveUnknownFields)) return [];
  return versions.flatMap(({ schema, served }, i) => {
    if (schema?.openAPIV3Schema || !(isRequired || served)) return [];
    const field = `spec.versions[${i}].schema.openAPIV3Schema`;
    return [required(field, isRequired ? '' : 'because otherwise all fields are pruned')];
  });
}

function uselessDefaultsErrors({ spec }: InternalSpec, schemas: readonly JsonSchema[]): FieldError[] {
  if (!spec.preserveUnknownFields || !schemas.some((schema) => schemaHas(schema, hasDefault))) return [];
  const text = 'must be false in order to use defaults in the schema';
  return [invalid('spec.preserveUnknownFields', true, text)];
}
