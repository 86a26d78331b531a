import type { CustomResourceDefinition } from '../crd.ts';
import { hasDefault, type JsonSchema, schemaHas } from '../json-schema.ts';
import { prune } from '../prune.ts';
import { schemaNode } from '../schema-node.ts';
import { notStructurable, validateStructural } from '../structural.ts';
import { hasUnknownType } from './keywords.ts';
import { isSetOfNonAtomic } from './list-and-map-types.ts';
import { missingKeyErrors } from './list-map-keys.ts';

/** What holds of all schemas of an old definition, and so must go on to hold; all of it for a new one. */
export interface SchemaRequirements {
  /** Each version has one. */
  readonly requireSchema: boolean;
  /** Defaults have no fields that would be pruned. */
  readonly requirePrunedDefaults: boolean;
  /** Items of sets are atomic. */
  readonly requireAtomicSetType: boolean;
  /** Keys of lists of type map are there; they, and items of sets, are never null. */
  readonly requireMapListKeys: boolean;
  /** `type` is one that JSON Schema knows. */
  readonly requireValidType: boolean;
}

export interface SchemaOptions extends SchemaRequirements {
  /** The schema is unchanged: its rules may cost what they cost. */
  readonly suppressCost: boolean;
}

export function requirementsAfter(old: CustomResourceDefinition | undefined): SchemaRequirements {
  const schemas = (old?.spec.versions ?? []).map((version) => version.schema?.openAPIV3Schema);
  const nowhere = (isWrong: (part: JsonSchema) => boolean): boolean =>
    schemas.every((schema) => !schemaHas(schema, isWrong));
  return {
    requireSchema: schemas.every((schema) => schema !== undefined),
    requirePrunedDefaults: schemas.every((schema) => schema === undefined || !hasUnprunedDefaults(schema)),
    requireAtomicSetType: nowhere(isSetOfNonAtomic),
    requireMapListKeys: nowhere((part) => missingKeyErrors(part, '').length > 0),
    requireValidType: nowhere(hasUnknownType),
  };
}

function hasUnprunedDefaults(schema: JsonSchema): boolean {
  if (notStructurable(schema) !== undefined || validateStructural(schema, '').length > 0) return false;
  return schemaHas(
    schema,
    (part) => hasDefault(part) && prune(structuredClone(part.default), schemaNode(part), false).length > 0,
  );
}
