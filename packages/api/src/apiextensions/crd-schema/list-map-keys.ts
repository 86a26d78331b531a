import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts';
import { canonical } from '../canonical.ts';
import { hasDefault, itemsSchema, type JsonSchema, propertySchema } from '../json-schema.ts';

/**
 * Errors of x-kubernetes-list-map-keys: names of scalar properties of the items, by which a list of type map
 * finds them. Source: apiextensions-apiserver validation.validateCustomResourceDefinitionOpenAPISchema.
 */
export function listMapErrors(s: JsonSchema, path: string): FieldError[] {
  const listType = s['x-kubernetes-list-type'];
  const keys = s['x-kubernetes-list-map-keys'] ?? [];
  if (listType !== 'map') {
    if (keys.length === 0) return [];
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const field = `${path}.x-kubernetes-list-type`;
    return [listType === undefined ? required(field, text) : invalid(field, listType, text)];
  }
  const errors: FieldError[] = [];
  if (keys.length === 0) {
    const text = 'must not be empty if x-kubernetes-list-type is map';
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, text));
  }
  const items = itemsSchema(s);
  if (items) return [...errors, ...itemErrors(items, keys, path)];
  const field = `${path}.items`;
  const error =
    s.items === undefined
      ? required(field, 'must have a schema if x-kubernetes-list-type is map')
      : invalid(field, canonical(s.items), 'must only have a single schema if x-kubernetes-list-type is map');
  return [...errors, error];
}

function itemErrors(items: JsonSchema, keys: readonly string[], path: string): FieldError[] {
  if (items.type !== 'object') {
    const text = "must be object if parent array's x-kubernetes-list-type is map";
    return [invalid(`${path}.items.type`, items.type ?? '', text)];
  }
  const errors: FieldError[] = [];
  const wrongKeys = (text: string): void => {
    errors.push(invalid(`${path}.x-kubernetes-list-map-keys`, keys, text));
  };
  const seen = new Set<string>();
  for (const key of keys) {
    const property = propertySchema(items, key);
    if (!property) {
      wrongKeys('entries must all be names of item properties');
    } else if (property.type === 'array' || property.type === 'object') {
      const text = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(`${path}.items.properties[${key}].type`, items.type, text));
    }
    if (seen.has(key)) wrongKeys('must not contain duplicate entries');
    seen.add(key);
  }
  return errors;
}

/** What makes items of sets and maps impossible to find: values and keys that are null or missing. */
export function missingKeyErrors(s: JsonSchema, path: string): FieldError[] {
  const listType = s['x-kubernetes-list-type'];
  const items = itemsSchema(s);
  if (!items || (listType !== 'set' && listType !== 'map')) return [];
  const errors: FieldError[] = [];
  if (items.nullable) {
    const text = `cannot be nullable when x-kubernetes-list-type is ${listType}`;
    errors.push(forbidden(`${path}.items.nullable`, text));
  }
  if (listType === 'set') return errors;
  const because = 'this property is in x-kubernetes-list-map-keys, so it';
  for (const key of s['x-kubernetes-list-map-keys'] ?? []) {
    const property = propertySchema(items, key);
    if (!property) continue;
    const at = `${path}.items.properties[${key}]`;
    if (!items.required?.includes(key) && !hasDefault(property)) {
      errors.push(required(`${at}.default`, `${because} must have a default or be a required property`));
    }
    if (property.nullable) errors.push(forbidden(`${at}.nullable`, `${because} cannot be nullable`));
  }
  return errors;
}
