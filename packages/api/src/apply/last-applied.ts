import type { KubeObject } from '../meta/object.ts';
import type { StructType } from '../schema/type-schema.ts';
import { compare } from './compare.ts';
import { difference, type FieldSet } from './field-set.ts';
import { goJson } from './path-element.ts';
import { toFieldSet } from './to-field-set.ts';
import { asMap } from './typed-value.ts';
import { validateTyped } from './validate-typed.ts';

/** Where client-side `kubectl apply` keeps what it applied last. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** Upstream's TotalAnnotationSizeLimitB: keys and values of all annotations. */
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

export function lastAppliedOf(object: KubeObject): string | undefined {
  return object.metadata?.annotations?.[LAST_APPLIED] || undefined;
}

/**
 * The fields that client-side apply set and that still have its values: server-side apply by `kubectl` may take
 * them without force, which is how an object moves from one to the other. Undefined when the annotation is
 * absent, unreadable or of another version.
 */
export function fieldsOfLastApplied(
  live: KubeObject,
  schema: StructType,
  apiVersion: string,
): FieldSet | undefined {
  const text = lastAppliedOf(live);
  if (text === undefined) return undefined;
  const applied = parseObject(text);
  if (applied === undefined || applied.apiVersion !== apiVersion) return undefined;
  if (validateTyped(applied, schema) !== undefined) return undefined;
  const { added, modified, removed } = compare(applied, live, schema);
  return difference(difference(difference(toFieldSet(applied, schema), modified), added), removed);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return asMap(JSON.parse(text));
  } catch (error) {
    // an annotation is any text; one that is not JSON was not written by apply
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Brings the annotation, if the object has one, up to date with a configuration applied server-side, so that
 * client-side apply can go on from there. Returns a copy.
 */
export function withLastApplied(object: KubeObject, applied: KubeObject): KubeObject {
  if (lastAppliedOf(object) === undefined) return object;
  const value = `${goJson(withoutAnnotation(applied))}\n`;
  if (object.metadata.annotations?.[LAST_APPLIED] === value) return object;
  const annotations = { ...object.metadata.annotations, [LAST_APPLIED]: value };
  if (annotationsBytes(annotations) > MAX_ANNOTATIONS_BYTES) {
    return withoutAnnotation(object);
  }
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function withoutAnnotation(object: KubeObject): KubeObject {
  const annotations = object.metadata?.annotations;
  if (annotations === undefined || annotations === null) return object;
  const { [LAST_APPLIED]: _, ...rest } = annotations;
  return { ...object, metadata: { ...object.metadata, annotations: rest } };
}

function annotationsBytes(annotations: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations))
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  return bytes;
}
