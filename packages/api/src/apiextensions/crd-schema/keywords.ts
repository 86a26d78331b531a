import { type FieldError, forbidden, notSupported } from '../../meta/field-error.ts';
import { hasDefault, itemsList, type JsonSchema } from '../json-schema.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

export const hasUnknownType = ({ type }: JsonSchema): boolean => Boolean(type) && !TYPES.includes(type ?? '');

const hasKeys = (value: object | undefined): boolean => Object.keys(value ?? {}).length > 0;

/** Keywords of JSON Schema that no schema may have. */
const UNSUPPORTED: readonly (readonly [keyword: string, isUsed: (s: JsonSchema) => boolean])[] = [
  ['id', (s) => Boolean(s.id)],
  ['additionalItems', (s) => s.additionalItems !== undefined],
  ['patternProperties', (s) => hasKeys(s.patternProperties)],
  ['definitions', (s) => hasKeys(s.definitions)],
  ['dependencies', (s) => s.dependencies !== undefined],
  ['$ref', (s) => s.$ref !== undefined],
];

/** Where a schema stands, as far as its keywords depend on it. */
export interface KeywordPlace {
  /** Why there must be no default: `inside …`; undefined: there may be one. */
  readonly noDefaults: string | undefined;
  /** Below the metadata of an object. */
  readonly insideMeta: boolean;
}

/** Source: apiextensions-apiserver pkg/apis/apiextensions/validation (specStandardValidatorV3). */
export function keywordErrors(
  s: JsonSchema,
  path: string,
  place: KeywordPlace,
  requireValidType: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const forbid = (field: string, text: string): void => {
    errors.push(forbidden(`${path}.${field}`, text));
  };
  if (requireValidType && hasUnknownType(s)) errors.push(notSupported(`${path}.type`, s.type, TYPES));
  if (hasDefault(s) && place.noDefaults !== undefined)
    forbid('default', `must not be set ${place.noDefaults}`);
  for (const [keyword, isUsed] of UNSUPPORTED) if (isUsed(s)) forbid(keyword, `${keyword} is not supported`);
  if (s.type === 'null') forbid('type', 'type cannot be set to null, use nullable as an alternative');
  if (itemsList(s).length > 0) forbid('items', 'items must be a schema object and not an array');
  if (place.insideMeta && s['x-kubernetes-embedded-resource']) {
    forbid('x-kubernetes-embedded-resource', 'must not be used inside of resource meta');
  }
  if (s.uniqueItems) {
    forbid('uniqueItems', 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
  }
  return errors;
}
