import { deepEqual, isObject } from '@sampan/base';
import type { KindRules, ValidateContext } from '../kinds/resource.ts';
import { type FieldError, invalid } from '../meta/field-error.ts';
import type { GroupVersionKind, KubeObject } from '../meta/object.ts';
import { isQualifiedName } from '../validation/label-syntax.ts';
import { RUNTIME_COST_BUDGET, type RuleValidator, ruleValidator } from './cel/rule-validator.ts';
import { Correlated } from './correlate.ts';
import type { CrdScale, CrdVersion } from './crd.ts';
import { validateEmbedded } from './embedded-resources.ts';
import { NO_PATH } from './field-path.ts';
import { parseJsonPath } from './json-path.ts';
import { propertySchema } from './json-schema.ts';
import { validateListTypes } from './list-types.ts';
import { columnsOf } from './printer-columns.ts';
import type { SchemaNode } from './schema-node.ts';
import { SchemaValidator } from './schema-validator/schema-validator.ts';

const MAX_INT32 = 2 ** 31 - 1;

/** What is wrong with an object by the schema keeps its rules from being run. */
const BLOCKING: ReadonlySet<FieldError['type']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

/**
 * The rules of a custom kind: validation by schema, list types, embedded metadata, scale and CEL, with
 * ratcheting of unchanged parts. Source: apiextensions-apiserver pkg/registry/customresource.
 */
export function customRules(gvk: GroupVersionKind, version: CrdVersion, node: SchemaNode): KindRules {
  const hasStatus = version.subresources?.status !== undefined;
  const checks = new CustomChecks(gvk, version, node);
  return {
    generation: true,
    unconditionalUpdate: false,
    createOnUpdate: false,
    columns: columnsOf(version.additionalPrinterColumns),
    selectableFields: selectableFields(version),
    prepareForCreate(object) {
      if (hasStatus) delete object.status;
    },
    prepareForUpdate(object, old) {
      if (!hasStatus) return;
      if (Object.hasOwn(old, 'status')) object.status = old.status;
      else delete object.status;
    },
    validate: (object) => checks.validate(object),
    validateUpdate: (object, old, context) => checks.validateUpdate(object, old, context),
    warnings: finalizerWarnings,
    ...(hasStatus
      ? {
          status: {
            prepareForUpdate: keepAllButStatus,
            validateUpdate: (object: KubeObject, old: KubeObject, context: ValidateContext) =>
              checks.validateStatusUpdate(object, old, context),
          },
        }
      : {}),
  };
}

/**
 * Did anything change that counts for `metadata.generation`? In custom objects that is all but metadata
 * (the status was copied from the old object when the kind has a status subresource).
 */
export function customGenerationChanged(object: KubeObject, old: KubeObject): boolean {
  const { metadata: _new, ...rest } = object;
  const { metadata: _old, ...oldRest } = old;
  return !deepEqual(rest, oldRest);
}

/** A status write changes nothing but status; managedFields have been kept for it. */
function keepAllButStatus(object: KubeObject, old: KubeObject): void {
  const { status } = object;
  const managed = object.metadata.managedFields;
  const hasStatus = Object.hasOwn(object, 'status');
  for (const key of Object.keys(object)) if (!Object.hasOwn(old, key)) delete object[key];
  for (const key of Object.keys(old)) if (key !== 'metadata') object[key] = old[key];
  object.metadata = { ...old.metadata, ...(managed ? { managedFields: managed } : {}) };
  if (hasStatus) object.status = status;
  else delete object.status;
}

class CustomChecks {
  readonly #gvk: GroupVersionKind;
  readonly #node: SchemaNode;
  readonly #schema: SchemaValidator;
  readonly #status: SchemaValidator | undefined;
  readonly #scale: CrdScale | undefined;
  #rules: RuleValidator | null | undefined;

  constructor(gvk: GroupVersionKind, version: CrdVersion, node: SchemaNode) {
    this.#gvk = gvk;
    this.#node = node;
    this.#schema = new SchemaValidator(node.schema);
    const status = propertySchema(node.schema, 'status');
    this.#status = status && new SchemaValidator(status);
    this.#scale = version.subresources?.scale;
  }

  /** Rules are compiled when first needed, not when the server starts. */
  get #celRules(): RuleValidator | undefined {
    if (this.#rules === undefined) this.#rules = ruleValidator(this.#node) ?? null;
    return this.#rules ?? undefined;
  }

  validate(object: KubeObject): FieldError[] {
    const typeErrors = this.#typeMeta(object);
    if (typeErrors.length > 0) return typeErrors;
    const errors = [
      ...this.#schema.validate(object),
      ...this.#scaleSpec(object),
      ...this.#scaleStatus(object),
      ...validateEmbedded(object, this.#node, '', false),
      ...validateListTypes(object, this.#node),
    ];
    return this.#withRules(errors, object, undefined, undefined);
  }

  validateUpdate(object: KubeObject, old: KubeObject, context: ValidateContext): FieldError[] {
    const typeErrors = this.#typeMeta(object);
    if (typeErrors.length > 0) return typeErrors;
    const correlated = new Correlated(object, old, this.#node);
    const errors = [
      ...this.#schema.validateUpdate(object, correlated),
      ...this.#scaleSpec(object),
      ...this.#scaleStatus(object),
      ...validateEmbedded(object, this.#node, '', false),
      ...this.#listTypes(object, old),
    ];
    return this.#withRules(errors, object, old, correlated, context.warn);
  }

  validateStatusUpdate(object: KubeObject, old: KubeObject, context: ValidateContext): FieldError[] {
    const typeErrors = this.#typeMeta(object);
    if (typeErrors.length > 0) return typeErrors;
    const correlated = new Correlated(object, old, this.#node);
    const errors: FieldError[] = [];
    if (Object.hasOwn(object, 'status') && this.#status) {
      errors.push(...this.#status.validateUpdate(object.status, correlated.key('status'), 'status'));
    }
    errors.push(...this.#scaleStatus(object), ...this.#listTypes(object, old));
    return this.#withRules(errors, object, old, correlated, context.warn);
  }

  /** Lists that were not unique before may stay so. */
  #listTypes(object: KubeObject, old: KubeObject): FieldError[] {
    const errors = validateListTypes(object, this.#node);
    return errors.length > 0 && validateListTypes(old, this.#node).length > 0 ? [] : errors;
  }

  #withRules(
    errors: FieldError[],
    object: KubeObject,
    old: KubeObject | undefined,
    correlated: Correlated | undefined,
    warn?: (text: string) => void,
  ): FieldError[] {
    const rules = this.#celRules;
    if (!rules) return errors;
    if (errors.some((error) => BLOCKING.has(error.type))) {
      const text =
        'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
      return [...errors, invalid(NO_PATH, null, text)];
    }
    const outcome = rules.validate(object, old, RUNTIME_COST_BUDGET, correlated);
    for (const text of outcome.warnings) warn?.(text);
    return [...errors, ...outcome.errors];
  }

  #typeMeta(object: KubeObject): FieldError[] {
    const errors: FieldError[] = [];
    const { group, version, kind } = this.#gvk;
    if (object.kind !== kind) errors.push(invalid('kind', object.kind ?? '', `must be ${kind}`));
    if (object.apiVersion !== `${group}/${version}`) {
      errors.push(invalid('apiVersion', object.apiVersion ?? '', `must be ${group}/${version}`));
    }
    return errors;
  }

  #scaleSpec(object: KubeObject): FieldError[] {
    return this.#scale ? replicasErrors(object, this.#scale.specReplicasPath) : [];
  }

  #scaleStatus(object: KubeObject): FieldError[] {
    if (!this.#scale) return [];
    const errors = replicasErrors(object, this.#scale.statusReplicasPath);
    const path = this.#scale.labelSelectorPath;
    if (!path) return errors;
    const found = nested(object, path);
    if (found.problem) errors.push(invalid(path, '', found.problem));
    else if (found.value !== undefined && typeof found.value !== 'string') {
      errors.push(invalid(path, '', wrongType(path, found.value, 'string')));
    }
    return errors;
  }
}

function goKind(value: unknown): string {
  if (value === null) return '<nil>';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

function goValue(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (!isObject(value)) return String(value);
  return `map[${Object.keys(value)
    .sort()
    .map((key) => `${key}:${goValue(value[key])}`)
    .join(' ')}]`;
}

const wrongType = (path: string, value: unknown, wanted: string): string =>
  `${path} accessor error: ${goValue(value)} is of the type ${goKind(value)}, expected ${wanted}`;

function nested(object: KubeObject, path: string): { value?: unknown; problem?: string } {
  const names = path.replace(/^\./, '').split('.');
  let value: unknown = object;
  for (let i = 0; i < names.length; i++) {
    if (value === null) return {};
    if (!isObject(value)) {
      return { problem: wrongType(`.${names.slice(0, i).join('.')}`, value, 'map[string]interface{}') };
    }
    const name = names[i] ?? '';
    if (!Object.hasOwn(value, name)) return {};
    value = value[name];
  }
  return { value };
}

function replicasErrors(object: KubeObject, path: string): FieldError[] {
  const { value, problem } = nested(object, path);
  if (problem) return [invalid(path, 0, problem)];
  if (value === undefined) return [];
  if (typeof value !== 'number' || !Number.isInteger(value))
    return [invalid(path, 0, wrongType(path, value, 'int64'))];
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  return value > MAX_INT32 ? [invalid(path, value, `should be less than or equal to ${MAX_INT32}`)] : [];
}

function selectableFields(version: CrdVersion): Record<string, (object: KubeObject) => string> {
  const fields: Record<string, (object: KubeObject) => string> = {};
  for (const { jsonPath } of version.selectableFields ?? []) {
    const find = parseJsonPath(jsonPath);
    fields[jsonPath.replace(/^\./, '')] = (object) => {
      const value = find(object)[0];
      return value === undefined || value === null ? '' : String(value);
    };
  }
  return fields;
}

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

function finalizerWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const before = new Set(old?.metadata.finalizers ?? []);
  const added = [...new Set(object.metadata.finalizers ?? [])].filter((name) => !before.has(name)).sort();
  return added.flatMap((name) => {
    const start = `metadata.finalizers: ${JSON.stringify(name)}: `;
    const warnings = isQualifiedName(name).map((message) => start + message);
    if (!name.includes('/') && !STANDARD_FINALIZERS.has(name)) {
      const path = name.includes('.') ? ' including a path (/)' : '';
      warnings.push(
        `${start}prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`,
      );
    }
    return warnings;
  });
}
