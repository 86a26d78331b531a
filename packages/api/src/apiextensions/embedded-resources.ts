import { isObject, type JsonObject } from '@sampan/base';
import { type FieldError, invalid, required } from '../meta/field-error.ts';
import type { ObjectMeta } from '../meta/object.ts';
import { isDNS1035Label } from '../validation/dns.ts';
import { isPathSegmentName, isPathSegmentPrefix } from '../validation/names.ts';
import { validateObjectMeta } from '../validation/object-meta.ts';
import { canonical } from './canonical.ts';
import { childField, indexField, keyField } from './field-path.ts';
import { childNode, type SchemaNode } from './schema-node.ts';

/**
 * Errors of apiVersion, kind and metadata of embedded resources; `resource` says that the value itself is one.
 * Source: apiextensions-apiserver pkg/apiserver/schema/objectmeta/validation.go.
 */
export function validateEmbedded(
  value: unknown,
  node: SchemaNode | undefined,
  path = '',
  resource = node?.embedded ?? false,
): FieldError[] {
  if (node === undefined || (!node.embeddedBelow && !resource)) return [];
  const errors: FieldError[] = [];
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      errors.push(...validateEmbedded(item, node.items, indexField(path, i)));
    });
  } else if (isObject(value)) {
    if (resource) errors.push(...validateResource(value, path));
    for (const key of Object.keys(value)) {
      const field = node.properties.has(key) ? childField(path, key) : keyField(path, key);
      errors.push(...validateEmbedded(value[key], childNode(node, key), field));
    }
  }
  return errors;
}

const segmentRule = (name: string, prefix: boolean): string[] =>
  prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name);

function validateResource(value: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const field = (name: string): string => childField(path, name);
  for (const name of ['apiVersion', 'kind'])
    if (!Object.hasOwn(value, name)) errors.push(required(field(name)));
  const { apiVersion, kind, metadata } = value;
  if (apiVersion !== undefined) {
    if (typeof apiVersion !== 'string')
      errors.push(invalid(field('apiVersion'), canonical(apiVersion), 'must be a string'));
    else if (apiVersion === '') errors.push(invalid(field('apiVersion'), '', 'must not be empty'));
    else if (apiVersion.split('/').length > 2) {
      errors.push(invalid(field('apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
    }
  }
  if (kind !== undefined) {
    if (typeof kind !== 'string') errors.push(invalid(field('kind'), canonical(kind), 'must be a string'));
    else if (kind === '') errors.push(invalid(field('kind'), '', 'must not be empty'));
    else {
      const messages = isDNS1035Label(kind.toLowerCase());
      if (messages.length > 0) {
        errors.push(
          invalid(
            field('kind'),
            kind,
            `may have mixed case, but should otherwise match: ${messages.join(',')}`,
          ),
        );
      }
    }
  }
  if (isObject(metadata)) {
    const meta = { ...metadata, name: metadata.name || 'fakename' } as ObjectMeta;
    errors.push(...validateObjectMeta(meta, Boolean(meta.namespace), segmentRule, field('metadata')));
  }
  return errors;
}
