import { isObject, type JsonObject } from '@sampan/base';
import type { KubeObject } from '../meta/object.ts';
import { errors } from '../meta/status.ts';
import { CoerceError, coerceEmbedded, coerceMetadata, MetadataError } from './coerce-metadata.ts';
import type { CustomResource } from './custom-resource.ts';
import { pruneNulls } from './defaults.ts';

export interface DecodeCustomOptions {
  /** Default Warn, as upstream. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  /** Problems that the reader of the bytes found (duplicate fields), in upstream's words. */
  readonly strictErrors?: readonly string[];
  /** Leave nulls to validation: the value is no body but the result of an apply. Default false. */
  readonly keepNulls?: boolean;
}

export interface DecodedCustom {
  readonly object: KubeObject;
  /** For the `Warning` header; empty unless `fieldValidation` is Warn. */
  readonly warnings: string[];
}

/**
 * Makes a custom object of a parsed body: metadata typed, unknown fields and nulls pruned, embedded metadata
 * coerced, defaults filled. Works in place on `value`, which must be the caller's own. Throws
 * StatusError BadRequest for a body that is no object, wrong metadata, and unknown fields with `Strict`.
 */
export function decodeCustom(
  definition: CustomResource,
  value: unknown,
  options: DecodeCustomOptions = {},
): DecodedCustom {
  if (!isObject(value))
    throw cannotHandle(
      definition,
      `json: cannot unmarshal ${describe(value)} into Go value of type map[string]interface {}`,
    );
  for (const field of ['kind', 'apiVersion']) {
    if (value[field] !== undefined && typeof value[field] !== 'string') {
      throw cannotHandle(
        definition,
        `.${field} accessor error: ${String(value[field])} is not of the type string`,
      );
    }
  }
  const unknown = coerced(definition, value, options.keepNulls ?? false);
  const problems = [
    ...(options.strictErrors ?? []),
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  ];
  const mode = options.fieldValidation ?? 'Warn';
  if (mode === 'Strict' && problems.length > 0) {
    throw cannotHandle(definition, `strict decoding error: ${problems.join(', ')}`);
  }
  const object = value as unknown as KubeObject;
  definition.applyDefaults(object);
  return { object, warnings: mode === 'Warn' ? problems : [] };
}

function coerced(definition: CustomResource, value: JsonObject, keepNulls: boolean): string[] {
  try {
    const inMetadata = coerceMetadata(value);
    const pruned = definition.prune(value as unknown as KubeObject);
    if (!keepNulls) pruneNulls(value, definition.node);
    return [...inMetadata, ...pruned, ...coerceEmbedded(value, definition.node, '', false).sort()];
  } catch (error) {
    if (error instanceof MetadataError || error instanceof CoerceError)
      throw cannotHandle(definition, error.message);
    throw error;
  }
}

function cannotHandle(definition: CustomResource, reason: string): Error {
  const { kind, version } = definition;
  return errors.badRequest(
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${reason}`,
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
