import { deepEqual } from '@sampan/base';
import { type FieldError, fieldErrorMessage, forbidden, invalid, required } from '../meta/field-error.ts';
import {
  additionalSchema,
  hasDefault,
  itemsList,
  itemsSchema,
  type JsonSchema,
  propertySchema,
} from './json-schema.ts';
import { compilePattern } from './patterns.ts';

type Level = 'root' | 'item' | 'field';

/** The reason why a schema cannot even be read as structural, or undefined. */
export function notStructurable(schema: JsonSchema): string | undefined {
  const unsupported: readonly (readonly [boolean, string])[] = [
    [Boolean(schema.id), 'id'],
    [Boolean(schema.$schema), 'schema'],
    [Boolean(schema.$ref), '$ref'],
    [hasKeys(schema.patternProperties), 'patternProperties'],
    [hasKeys(schema.dependencies), 'dependencies'],
    [schema.additionalItems !== undefined, 'additionalItems'],
    [hasKeys(schema.definitions), 'definitions'],
  ];
  for (const [found, name] of unsupported) if (found) return `OpenAPIV3Schema '${name}' is not supported`;
  if (itemsList(schema).length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  }
  const children = [
    itemsSchema(schema),
    additionalSchema(schema),
    schema.not,
    ...Object.values(schema.properties ?? {}),
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
  ];
  for (const child of children) {
    const reason = child && notStructurable(child);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const hasKeys = (value: object | undefined): boolean => value !== undefined && Object.keys(value).length > 0;

/** All violations of structurality, sorted. Source: apiextensions-apiserver pkg/apiserver/schema/validation.go. */
export function validateStructural(schema: JsonSchema, path: string): FieldError[] {
  const errors = [...invariants(schema, 'root', path), ...completeness(schema, schema, path, path)];
  return errors
    .map((error) => ({ error, text: fieldErrorMessage(error) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ error }) => error);
}

const TYPE_TEXT: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function invariants(s: JsonSchema, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const items = itemsSchema(s);
  const extra = additionalSchema(s);
  const type = s.type ?? '';
  const embedded = s['x-kubernetes-embedded-resource'] === true;
  const intOrString = s['x-kubernetes-int-or-string'] === true;
  const preserve = s['x-kubernetes-preserve-unknown-fields'] === true;
  if (type === 'array' && !items) errors.push(required(`${path}.items`, 'must be specified'));
  if (items) errors.push(...invariants(items, 'item', `${path}.items`));
  for (const [name, property] of Object.entries(s.properties ?? {})) {
    errors.push(...invariants(property, 'field', `${path}.properties[${name}]`));
  }
  if (s.additionalProperties !== undefined && level === 'root') {
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  }
  if (extra) errors.push(...invariants(extra, 'field', `${path}.additionalProperties`));
  if (intOrString && preserve) {
    errors.push(
      invalid(
        `${path}.x-kubernetes-preserve-unknown-fields`,
        true,
        'must be false if x-kubernetes-int-or-string is true',
      ),
    );
  }
  if (intOrString && embedded) {
    errors.push(
      invalid(
        `${path}.x-kubernetes-embedded-resource`,
        true,
        'must be false if x-kubernetes-int-or-string is true',
      ),
    );
  }
  errors.push(...valueValidation(s, isIntOrString(s.anyOf), isIntOrString(s.allOf?.[0]?.anyOf), path));
  if (embedded && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(`${path}.type`, text) : invalid(`${path}.type`, type, text));
  } else if (type === '' && !intOrString && !preserve) {
    errors.push(required(`${path}.type`, TYPE_TEXT[level]));
  }
  if (embedded && s.additionalProperties !== undefined) {
    errors.push(
      forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'),
    );
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(invalid(`${path}.type`, type, 'must be object at the root'));
  }
  errors.push(...metadataInvariants(s, level === 'root' || embedded, level, path));
  if (embedded && !preserve && Object.keys(s.properties ?? {}).length === 0) {
    const text =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(`${path}.properties`, text));
  }
  return errors;
}

function metadataInvariants(s: JsonSchema, check: boolean, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['kind', 'apiVersion']) {
    const property = propertySchema(s, name);
    if (property && check && property.type !== 'string') {
      errors.push(invalid(`${path}.properties[${name}].type`, property.type ?? '', 'must be string'));
    }
  }
  const metadata = propertySchema(s, 'metadata');
  if (!metadata) return errors;
  const field = `${path}.properties[metadata]`;
  if (check && metadata.type !== 'object')
    errors.push(invalid(`${field}.type`, metadata.type ?? '', 'must be object'));
  if (level !== 'root') return errors;
  const { type: _type, default: _default, properties, ...others } = metadata;
  const names = Object.keys(properties ?? {});
  const onlyNames = names.every((name) => name === 'name' || name === 'generateName');
  const rest = Object.values(others).filter(
    (value) => value !== undefined && value !== false && value !== '',
  );
  if (!onlyNames || rest.length > 0) {
    const text =
      'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbidden(field, text));
  }
  return errors;
}

function isIntOrString(schemas: readonly JsonSchema[] | undefined): boolean {
  return schemas?.length === 2 && deepEqual(schemas, [{ type: 'integer' }, { type: 'string' }]);
}

function valueValidation(
  v: JsonSchema,
  skipAnyOf: boolean,
  skipFirstAllOf: boolean,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!skipAnyOf)
    v.anyOf?.forEach((s, i) => {
      errors.push(...nested(s, false, `${path}.anyOf[${i}]`));
    });
  v.allOf?.forEach((s, i) => {
    errors.push(...nested(s, skipFirstAllOf && i === 0, `${path}.allOf[${i}]`));
  });
  v.oneOf?.forEach((s, i) => {
    errors.push(...nested(s, false, `${path}.oneOf[${i}]`));
  });
  if (v.not) errors.push(...nested(v.not, false, `${path}.not`));
  if (v.pattern) {
    try {
      compilePattern(v.pattern);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      errors.push(
        invalid(`${path}.pattern`, v.pattern, `must be a valid regular expression, but isn't: ${reason}`),
      );
    }
  }
  return errors;
}

/** Below allOf, anyOf, oneOf and not only values may be restricted. */
function nested(v: JsonSchema, skipAnyOf: boolean, path: string): FieldError[] {
  const errors = valueValidation(v, skipAnyOf, false, path);
  const items = itemsSchema(v);
  if (items) errors.push(...nested(items, false, `${path}.items`));
  for (const [name, property] of Object.entries(v.properties ?? {})) {
    errors.push(...nested(property, false, `${path}.properties[${name}]`));
  }
  const refuse = (found: boolean, field: string, text: string): void => {
    if (found) errors.push(forbidden(`${path}.${field}`, `${text} to be structural`));
  };
  refuse(Boolean(v.type), 'type', 'must be empty');
  refuse(
    v.additionalProperties !== undefined && v.additionalProperties !== false,
    'additionalProperties',
    'must be undefined',
  );
  refuse(hasDefault(v), 'default', 'must be undefined');
  refuse(Boolean(v.title), 'title', 'must be empty');
  refuse(Boolean(v.description), 'description', 'must be empty');
  refuse(v.nullable === true, 'nullable', 'must be false');
  refuse(
    v['x-kubernetes-preserve-unknown-fields'] === true,
    'x-kubernetes-preserve-unknown-fields',
    'must be false',
  );
  refuse(v['x-kubernetes-embedded-resource'] === true, 'x-kubernetes-embedded-resource', 'must be false');
  refuse(v['x-kubernetes-int-or-string'] === true, 'x-kubernetes-int-or-string', 'must be false');
  refuse((v['x-kubernetes-list-map-keys'] ?? []).length > 0, 'x-kubernetes-list-map-keys', 'must be empty');
  refuse(v['x-kubernetes-list-type'] !== undefined, 'x-kubernetes-list-type', 'must be undefined');
  refuse(v['x-kubernetes-map-type'] !== undefined, 'x-kubernetes-map-type', 'must be undefined');
  refuse((v['x-kubernetes-validations'] ?? []).length > 0, 'x-kubernetes-validations', 'must be empty');
  if (propertySchema(v, 'metadata')) {
    errors.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
  }
  return errors;
}

/** What value validations speak of must be specified outside of them. */
function completeness(v: JsonSchema, s: JsonSchema, sPath: string, vPath: string): FieldError[] {
  const errors: FieldError[] = [];
  if (v.not) errors.push(...nestedCompleteness(v.not, s, sPath, `${vPath}.not`));
  for (const kind of ['allOf', 'anyOf', 'oneOf'] as const) {
    v[kind]?.forEach((each, i) => {
      errors.push(...nestedCompleteness(each, s, sPath, `${vPath}.${kind}[${i}]`));
    });
  }
  return errors;
}

function nestedCompleteness(
  v: JsonSchema,
  s: JsonSchema | undefined,
  sPath: string,
  vPath: string,
): FieldError[] {
  if (!s) return [required(sPath, `because it is defined in ${vPath}`)];
  const errors = completeness(v, s, sPath, vPath);
  const items = itemsSchema(v);
  if (items) errors.push(...nestedCompleteness(items, itemsSchema(s), `${sPath}.items`, `${vPath}.items`));
  for (const [name, property] of Object.entries(v.properties ?? {})) {
    const at = `properties[${name}]`;
    errors.push(...nestedCompleteness(property, propertySchema(s, name), `${sPath}.${at}`, `${vPath}.${at}`));
  }
  return errors;
}
