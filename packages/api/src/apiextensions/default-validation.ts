import { deepClone, deepEqual, isObject, type JsonObject } from '@sampan/base';
import { type FieldError, fieldErrorMessage, invalid } from '../meta/field-error.ts';
import { canonical } from './canonical.ts';
import { RUNTIME_COST_BUDGET, ruleValidator } from './cel/rule-validator.ts';
import { CoerceError, coerceEmbedded } from './coerce-metadata.ts';
import { validateEmbedded } from './embedded-resources.ts';
import { NO_PATH } from './field-path.ts';
import type { JsonSchema } from './json-schema.ts';
import { META_FIELDS, prune } from './prune.ts';
import { type SchemaNode, schemaNode } from './schema-node.ts';
import { SchemaValidator } from './schema-validator/schema-validator.ts';

/** Builds the object around a default inside metadata. */
type Surround = (value: unknown) => unknown;

/**
 * Errors of defaults: they must be pruned, valid by their schema and its rules, and make valid metadata.
 * Source: apiextensions-apiserver pkg/apiserver/schema/defaulting/validation.go.
 */
export function validateDefaults(schema: JsonSchema, path: string, requirePruned: boolean): FieldError[] {
  const root = schemaNode(schema);
  if (!root.defaultsBelow && root.default === undefined) return [];
  const checks = new DefaultChecks(requirePruned);
  checks.visit(root, path, root, true, (value) => value, false);
  return checks.errors;
}

class DefaultChecks {
  readonly errors: FieldError[] = [];
  readonly #requirePruned: boolean;
  #budget = RUNTIME_COST_BUDGET;

  constructor(requirePruned: boolean) {
    this.#requirePruned = requirePruned;
  }

  visit(
    node: SchemaNode,
    path: string,
    root: SchemaNode,
    isRoot: boolean,
    surround: Surround,
    insideMeta: boolean,
  ): void {
    if (this.#budget < 0) return;
    const resource = isRoot || node.embedded;
    const top = resource ? node : root;
    const around: Surround = resource ? (value) => value : surround;
    const meta = resource ? false : insideMeta;
    if (node.default !== undefined) this.#check(node, `${path}.default`, top, around, meta, resource);
    if (node.items) this.visit(node.items, `${path}.items`, top, false, (value) => around([value]), meta);
    for (const [name, child] of node.properties) {
      const inMeta = meta || (resource && META_FIELDS.has(name));
      this.visit(
        child,
        `${path}.properties[${name}]`,
        top,
        false,
        (value) => around({ [name]: value }),
        inMeta,
      );
    }
  }

  #check(
    node: SchemaNode,
    path: string,
    root: SchemaNode,
    surround: Surround,
    insideMeta: boolean,
    resource: boolean,
  ): void {
    const value = deepClone(node.default) as unknown;
    const before = this.errors.length;
    if (insideMeta) this.#checkMetadata(surround(value), value, root, path);
    else this.#checkValue(value, node, path);
    if (this.errors.length > before) return;
    const errors = new SchemaValidator(node.schema).validate(value, path);
    if (errors.length > 0) {
      this.errors.push(...errors);
      return;
    }
    const rules = ruleValidator(node, resource);
    if (!rules) return;
    const same = rules.validate(value, value, this.#budget, undefined, path);
    this.errors.push(...same.errors);
    let { remaining } = same;
    if (same.errors.length === 0) {
      const fresh = rules.validate(value, undefined, this.#budget, undefined, path);
      this.errors.push(...fresh.errors);
      remaining = Math.min(remaining, fresh.remaining);
    }
    this.#budget = remaining;
  }

  #checkMetadata(object: unknown, value: unknown, root: SchemaNode, path: string): void {
    const resource = {
      apiVersion: 'validation/v1',
      kind: 'Validation',
      ...(isObject(object) ? object : {}),
    } as JsonObject;
    const refuse = (detail: string): void => {
      this.errors.push(invalid(path, canonical(value), `must result in valid metadata: ${detail}`));
    };
    try {
      coerceEmbedded(resource, root, '', true);
    } catch (error) {
      if (!(error instanceof CoerceError)) throw error;
      refuse(error.message);
      return;
    }
    const errors = validateEmbedded(resource, root, '', true);
    if (errors.length === 1) refuse(fieldErrorMessage(errors[0] as FieldError));
    else if (errors.length > 1) refuse(`[${errors.map(fieldErrorMessage).join(', ')}]`);
  }

  #checkValue(value: unknown, node: SchemaNode, path: string): void {
    if (this.#requirePruned) {
      const pruned = deepClone(value);
      prune(pruned, node, node.embedded);
      if (!deepEqual(pruned, value))
        this.errors.push(invalid(path, canonical(value), 'must not have unknown fields'));
    }
    try {
      coerceEmbedded(value, node, path);
    } catch (error) {
      if (!(error instanceof CoerceError)) throw error;
      this.errors.push({ ...error.error, field: error.error.field || NO_PATH });
      return;
    }
    this.errors.push(...validateEmbedded(value, node, path));
  }
}
