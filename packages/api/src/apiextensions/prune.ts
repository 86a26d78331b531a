import { isObject, type JsonObject } from '@sampan/base';
import { childNode, type SchemaNode } from './schema-node.ts';

/** The fields of an object of its own that no schema needs to name. */
export const META_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Collects the paths of removed fields, in upstream's form `spec.list[0].field`. */
class UnknownFields {
  readonly paths: string[] = [];
  readonly #segments: string[] = [];

  get atRoot(): boolean {
    return this.#segments.length === 0;
  }
  enter(key: string | number): void {
    if (typeof key === 'number') this.#segments.push(`[${key}]`);
    else this.#segments.push(this.#segments.length === 0 ? key : `.${key}`);
  }
  leave(): void {
    this.#segments.pop();
  }
  record(key: string): void {
    this.enter(key);
    this.paths.push(this.#segments.join(''));
    this.leave();
  }
}

/**
 * Removes in place every field that the structural schema does not specify; apiVersion, kind and metadata
 * of the root and of embedded resources stay. Returns the paths of removed fields, sorted. Source:
 * apiextensions-apiserver pkg/apiserver/schema/pruning.
 */
export function prune(value: unknown, node: SchemaNode, resourceRoot = true): string[] {
  const unknown = new UnknownFields();
  pruneAny(value, node, resourceRoot || node.embedded, unknown);
  return unknown.paths.sort();
}

function pruneAny(
  value: unknown,
  node: SchemaNode | undefined,
  embedded: boolean,
  unknown: UnknownFields,
): void {
  if (node?.preserveUnknown) {
    skip(value, node, embedded, unknown);
  } else if (Array.isArray(value)) {
    const items = node?.items;
    for (let i = 0; i < value.length; i++) {
      if (typeof value[i] !== 'object') continue;
      unknown.enter(i);
      pruneAny(value[i], items, items?.embedded ?? false, unknown);
      unknown.leave();
    }
  } else if (isObject(value)) {
    pruneObject(value, node, embedded, unknown);
  }
}

function pruneObject(
  object: JsonObject,
  node: SchemaNode | undefined,
  embedded: boolean,
  unknown: UnknownFields,
): void {
  for (const key of Object.keys(object)) {
    if (embedded && META_FIELDS.has(key)) continue;
    if (node !== undefined && (node.properties.has(key) || node.additional !== undefined)) {
      if (typeof object[key] !== 'object') continue;
      const child = childNode(node, key);
      unknown.enter(key);
      pruneAny(object[key], child, child?.embedded ?? false, unknown);
      unknown.leave();
      continue;
    }
    if (node === undefined || !META_FIELDS.has(key) || !unknown.atRoot) unknown.record(key);
    delete object[key];
  }
}

/** Below x-kubernetes-preserve-unknown-fields only what is specified is pruned further. */
function skip(value: unknown, node: SchemaNode | undefined, embedded: boolean, unknown: UnknownFields): void {
  if (node === undefined) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      unknown.enter(i);
      skip(value[i], node.items, node.items?.embedded ?? false, unknown);
      unknown.leave();
    }
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (embedded && META_FIELDS.has(key)) continue;
      if (!node.properties.has(key) && node.additional === undefined) continue;
      const child = childNode(node, key);
      unknown.enter(key);
      pruneAny(value[key], child, child?.embedded ?? false, unknown);
      unknown.leave();
    }
  }
}
