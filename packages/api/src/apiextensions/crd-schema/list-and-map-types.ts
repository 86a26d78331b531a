import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import { itemsSchema, type JsonSchema } from '../json-schema.ts';

const LIST_TYPES = ['atomic', 'set', 'map'];
const MAP_TYPES = ['atomic', 'granular'];

/** A list or map whose parts have owners of their own. */
function isNonAtomic(schema: JsonSchema): boolean {
  if (schema.type === 'array') {
    const inner = schema['x-kubernetes-list-type'];
    return inner !== undefined && inner !== 'atomic';
  }
  return schema.type === 'object' && schema['x-kubernetes-map-type'] !== 'atomic';
}

/** Items of a set are compared as a whole. */
export function isSetOfNonAtomic(s: JsonSchema): boolean {
  const items = itemsSchema(s);
  return s['x-kubernetes-list-type'] === 'set' && items !== undefined && isNonAtomic(items);
}

/**
 * Errors of what is said about merging: x-kubernetes-map-type, x-kubernetes-list-type, and preserving unknown
 * fields. Source: apiextensions-apiserver validation.validateCustomResourceDefinitionOpenAPISchema.
 */
export function listAndMapTypeErrors(s: JsonSchema, path: string, requireAtomicSets: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const listType = s['x-kubernetes-list-type'];
  const mapType = s['x-kubernetes-map-type'];
  if (s['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  if (mapType !== undefined && s.type !== 'object') {
    errors.push(wrongType(s, path, 'must be object if x-kubernetes-map-type is specified'));
  }
  if (mapType !== undefined && !MAP_TYPES.includes(mapType)) {
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES));
  }
  if (listType !== undefined && s.type !== 'array') {
    errors.push(wrongType(s, path, 'must be array if x-kubernetes-list-type is specified'));
  } else if (requireAtomicSets && isSetOfNonAtomic(s)) {
    errors.push(nonAtomicItems(s, path));
  }
  if (listType !== undefined && !LIST_TYPES.includes(listType)) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES));
  }
  return errors;
}

function wrongType({ type }: JsonSchema, path: string, text: string): FieldError {
  return type ? invalid(`${path}.type`, type, text) : required(`${path}.type`, text);
}

/** Upstream names the map type of objects, but shows their list type. */
function nonAtomicItems(s: JsonSchema, path: string): FieldError {
  const items = itemsSchema(s);
  const field = items?.type === 'array' ? 'x-kubernetes-list-type' : 'x-kubernetes-map-type';
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  return invalid(`${path}.items.${field}`, items?.['x-kubernetes-list-type'] ?? null, text);
}
