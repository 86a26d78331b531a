import { decode, errors, type KubeObject } from '@sampan/api';
import { isObject } from '@sampan/base';
import type { RequestContext } from './request-context.ts';
import type { ServedResource } from './served-resource.ts';

/** A parsed body. */
export interface Document {
  readonly value: unknown;
}

export function parseDocument(bytes: Uint8Array, _contentType: string, _resource: ServedResource | undefined): Document {
  try {
    return { value: JSON.parse(Buffer.from(bytes).toString()) };
  } catch (error) {
    throw errors.badRequest((error as Error).message);
  }
}

/** Decodes and defaults the object of a body. */
export function decodeObject(resource: ServedResource, document: Document, context: RequestContext): KubeObject {
  return decodeValue(resource, document.value, context, undefined);
}

export function decodeValue(
  resource: ServedResource,
  value: unknown,
  _context: RequestContext,
  _patch: { patch: Document; old: KubeObject } | undefined,
): KubeObject {
  if (!isObject(value)) throw errors.badRequest('not an object');
  const object = decode(resource.definition.schema, value).value as KubeObject;
  object.kind = resource.definition.kind;
  object.apiVersion = resource.apiVersion;
  resource.definition.rules.setDefaults?.(object);
  return object;
}
