import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import { canonical } from './canonical.ts';
import { compileRules } from './cel/compile-rule.ts';
import { MAX_COST } from './cel/cost/cost-range.ts';
import { asSelf, type DeclType, declTypeOf } from './cel/decl-type.ts';
import { escapeName } from './cel/escape.ts';
import { validFieldPath } from './cel/field-path.ts';
import { shownRule, shownSchema } from './crd-internal.ts';
import { validateDefaults } from './default-validation.ts';
import {
  additionalSchema,
  hasDefault,
  itemsList,
  itemsSchema,
  type JsonSchema,
  propertySchema,
  type ValidationRule,
} from './json-schema.ts';
import { notStructurable, validateStructural } from './structural.ts';

/** Estimated cost of one rule, and of all rules of a schema, that a CRD may have. */
export const STATIC_COST_LIMIT = 10_000_000;
export const STATIC_CRD_COST_LIMIT = 100_000_000;

/** What an update of an old definition that was never valid need not fulfil. */
export interface SchemaOptions {
  readonly requireStructural: boolean;
  readonly requirePrunedDefaults: boolean;
  readonly requireAtomicSetType: boolean;
  readonly requireMapListKeys: boolean;
  readonly requireValidType: boolean;
  /** The schema is unchanged: its rules may cost what they cost. */
  readonly suppressCost: boolean;
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const ROOT_FIELDS =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';
const ALLOWED_AT_ROOT: ReadonlySet<string> = new Set([
  'description',
  'type',
  'format',
  'title',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'multipleOf',
  'required',
  'items',
  'properties',
  'externalDocs',
  'example',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
]);
const META = new Set(['metadata', 'kind', 'apiVersion']);

/**
 * Errors of one version's schema; `path` is that of the object with `openAPIV3Schema`. Source:
 * apiextensions-apiserver pkg/apis/apiextensions/validation.validateCustomResourceDefinitionValidation.
 */
export function validateVersionSchema(
  schema: JsonSchema,
  hasStatus: boolean,
  options: SchemaOptions,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const at = `${path}.openAPIV3Schema`;
  if (hasStatus) errors.push(...rootFields(schema, path));
  if (schema.nullable) errors.push(forbidden(`${at}.nullable`, 'nullable cannot be true at the root'));
  let celRoot: CelContext | undefined;
  let unreadable: FieldError | undefined;
  if (options.requireStructural) {
    const reason = notStructurable(schema);
    if (reason !== undefined) {
      unreadable = invalid(at, '', reason);
    } else {
      const structural = validateStructural(schema, at);
      const found =
        structural.length > 0 ? structural : validateDefaults(schema, at, options.requirePrunedDefaults);
      errors.push(...found);
      if (found.length === 0) celRoot = new CelContext(schema);
    }
  }
  const walk = new SchemaWalk(options);
  const own = walk.visit(
    schema,
    at,
    { allowDefaults: true, reason: '', insideMeta: false, uncorrelatable: undefined },
    true,
    celRoot,
  );
  errors.push(...own.schema, ...own.cel);
  if (errors.length === 0 && unreadable) errors.push(unreadable);
  if (celRoot && celRoot.total.sum > STATIC_CRD_COST_LIMIT) {
    for (const expensive of celRoot.total.mostExpensive) {
      errors.push(
        forbidden(
          expensive.path,
          'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
        ),
      );
    }
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    errors.push(forbidden(at, costMessage(name, celRoot.total.sum, STATIC_CRD_COST_LIMIT)));
  }
  return errors;
}

function rootFields(schema: JsonSchema, path: string): FieldError[] {
  if (schema.type !== 'object') {
    if (schema.type) {
      const text =
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [invalid(`${path}.openAPIV3Schema.type`, schema.type, text)];
    }
  }
  for (const [name, value] of Object.entries(schema)) {
    if (ALLOWED_AT_ROOT.has(name) || value === undefined || value === false || value === '') continue;
    const text = `only [${ROOT_FIELDS}] fields are allowed at the root of the schema if the status subresource is enabled`;
    return [invalid(`${path}.openAPIV3Schema`, shownSchema(schema), text)];
  }
  return [];
}

interface Total {
  sum: number;
  mostExpensive: { path: string; cost: number }[];
}

/** What rules need to know of where they stand: their types, and how often they run. */
class CelContext {
  readonly schema: JsonSchema;
  readonly total: Total;
  /** How often the schema's data can exist; undefined = unbounded. */
  readonly cardinality: number | undefined;
  readonly #parent: CelContext | undefined;
  /** Finds the type in the parent's. */
  readonly #within: (parent: DeclType) => DeclType | undefined;
  /** This schema or one above has rules, so that types are made for it anyway. */
  readonly scoped: boolean;
  #decl: DeclType | undefined | null = null;

  constructor(
    schema: JsonSchema,
    parent?: CelContext,
    within: (parent: DeclType) => DeclType | undefined = () => undefined,
  ) {
    this.schema = schema;
    this.#parent = parent;
    this.#within = within;
    this.scoped = parent?.scoped === true || (schema['x-kubernetes-validations'] ?? []).length > 0;
    this.total = parent?.total ?? { sum: 0, mostExpensive: [] };
    const factor = parent ? maxElements(parent.schema) : 1;
    const above = parent ? parent.cardinality : 1;
    this.cardinality =
      factor === undefined || above === undefined ? undefined : Math.min(MAX_COST, factor * above);
  }
  property(schema: JsonSchema, name: string): CelContext {
    const escaped = escapeName(name);
    return new CelContext(schema, this, (parent) =>
      escaped === undefined ? undefined : parent.fields?.get(escaped),
    );
  }
  element(schema: JsonSchema): CelContext {
    return new CelContext(schema, this, (parent) => parent.element);
  }
  get decl(): DeclType | undefined {
    if (this.#decl === null) {
      const parent = this.#parent;
      const above = parent?.scoped ? parent.decl : undefined;
      const resource = parent === undefined || this.schema['x-kubernetes-embedded-resource'] === true;
      this.#decl = (above && this.#within(above)) ?? declTypeOf(this.schema, resource);
    }
    return this.#decl ?? undefined;
  }
  cost(perRun: number, assumed: number): number {
    return perRun === 0 ? 0 : Math.min(MAX_COST, perRun * (this.cardinality ?? assumed));
  }
  observe(path: string, cost: number): void {
    this.total.sum = Math.min(MAX_COST, this.total.sum + cost);
    if (cost < STATIC_CRD_COST_LIMIT / 100) return;
    this.total.mostExpensive = [...this.total.mostExpensive, { path, cost }]
      .sort((a, b) => b.cost - a.cost)
      .slice(0, 4);
  }
}

function maxElements(schema: JsonSchema): number | undefined {
  if (schema.type === 'object' && schema.additionalProperties !== undefined) {
    return schema.maxProperties === undefined ? undefined : Math.max(0, schema.maxProperties);
  }
  if (schema.type === 'array')
    return schema.maxItems === undefined ? undefined : Math.max(0, schema.maxItems);
  return 1;
}

interface Standing {
  readonly allowDefaults: boolean;
  readonly reason: string;
  readonly insideMeta: boolean;
  /** The first ancestor whose parts cannot be matched with those of the old object. */
  readonly uncorrelatable: string | undefined;
}
interface Found {
  readonly schema: FieldError[];
  readonly cel: FieldError[];
}

class SchemaWalk {
  readonly #options: SchemaOptions;

  constructor(options: SchemaOptions) {
    this.#options = options;
  }

  visit(
    s: JsonSchema,
    path: string,
    standing: Standing,
    isRoot: boolean,
    cel: CelContext | undefined,
  ): Found {
    const found: Found = { schema: this.#standard(s, path, standing), cel: [] };
    if (s.uniqueItems) {
      const text = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
      found.schema.push(forbidden(`${path}.uniqueItems`, text));
    }
    this.#children(s, path, standing, isRoot, cel, found);
    found.schema.push(...extensions(s, path, this.#options));
    const rules = s['x-kubernetes-validations'] ?? [];
    rules.forEach((rule, i) => {
      found.schema.push(...ruleErrors(rule, s, `${path}.x-kubernetes-validations[${i}]`));
    });
    if (rules.length > 0 && found.schema.length === 0 && cel) {
      found.cel.push(...this.#rules(rules, path, standing, cel));
    }
    return found;
  }

  #children(
    s: JsonSchema,
    path: string,
    standing: Standing,
    isRoot: boolean,
    cel: CelContext | undefined,
    found: Found,
  ): void {
    const visit = (child: JsonSchema, at: string, where: Standing, context: CelContext | undefined): void => {
      const inner = this.visit(child, at, where, false, context);
      found.schema.push(...inner.schema);
      found.cel.push(...inner.cel);
    };
    const extra = additionalSchema(s);
    const properties = Object.entries(s.properties ?? {});
    if (s.additionalProperties !== undefined) {
      if (properties.length > 0 && s.additionalProperties !== true) {
        found.schema.push(
          forbidden(
            `${path}.additionalProperties`,
            'additionalProperties and properties are mutual exclusive',
          ),
        );
      }
      const where = standing.insideMeta
        ? {
            ...standing,
            allowDefaults: false,
            reason: 'inside additionalProperties applying to object metadata',
          }
        : standing;
      if (extra) visit(extra, `${path}.additionalProperties`, where, cel?.element(extra));
    }
    const mapType = s['x-kubernetes-map-type'];
    for (const [name, property] of properties) {
      let where = standing;
      if (mapType !== undefined && mapType !== 'granular' && mapType !== 'atomic')
        where = forbidOldSelf(where, path);
      if ((isRoot || s['x-kubernetes-embedded-resource']) && META.has(name)) {
        where = { ...where, insideMeta: true };
        if (isRoot) where = { ...where, allowDefaults: false, reason: `in top-level ${name}` };
      }
      visit(property, `${path}.properties[${name}]`, where, cel?.property(property, name));
    }
    if (s.not) visit(s.not, `${path}.not`, standing, undefined);
    for (const kind of ['allOf', 'oneOf', 'anyOf'] as const) {
      s[kind]?.forEach((each, i) => {
        visit(each, `${path}.${kind}[${i}]`, standing, undefined);
      });
    }
    for (const [name, definition] of Object.entries(s.definitions ?? {})) {
      visit(definition, `${path}.definitions[${name}]`, standing, undefined);
    }
    const items = itemsSchema(s);
    const where = s['x-kubernetes-list-type'] === 'map' ? standing : forbidOldSelf(standing, path);
    if (items) visit(items, `${path}.items`, where, cel?.element(items));
    itemsList(s).forEach((each, i) => {
      visit(each, `${path}.items[${i}]`, where, cel?.element(each));
    });
  }

  #standard(s: JsonSchema, path: string, standing: Standing): FieldError[] {
    const errors: FieldError[] = [];
    if (this.#options.requireValidType && s.type && !TYPES.includes(s.type)) {
      errors.push(notSupported(`${path}.type`, s.type, TYPES));
    }
    if (hasDefault(s) && !standing.allowDefaults) {
      errors.push(
        forbidden(`${path}.default`, `must not be set${standing.reason === '' ? '' : ` ${standing.reason}`}`),
      );
    }
    const unsupported: readonly (readonly [boolean, string])[] = [
      [Boolean(s.id), 'id'],
      [s.additionalItems !== undefined, 'additionalItems'],
      [Object.keys(s.patternProperties ?? {}).length > 0, 'patternProperties'],
      [Object.keys(s.definitions ?? {}).length > 0, 'definitions'],
      [s.dependencies !== undefined, 'dependencies'],
      [s.$ref !== undefined, '$ref'],
    ];
    for (const [used, name] of unsupported)
      if (used) errors.push(forbidden(`${path}.${name}`, `${name} is not supported`));
    if (s.type === 'null') {
      errors.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
    }
    if (itemsList(s).length > 0)
      errors.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'));
    if (standing.insideMeta && s['x-kubernetes-embedded-resource']) {
      errors.push(
        forbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'),
      );
    }
    return errors;
  }

  #rules(rules: readonly ValidationRule[], path: string, standing: Standing, cel: CelContext): FieldError[] {
    const errors: FieldError[] = [];
    const { decl } = cel;
    if (!decl) {
      const text =
        'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';
      return [{ type: 'InternalError', field: `${path}.x-kubernetes-validations`, detail: text }];
    }
    compileRules(rules, asSelf(decl)).forEach((compiled, i) => {
      const at = `${path}.x-kubernetes-validations[${i}]`;
      const rule = rules[i] as ValidationRule;
      const cost = cel.cost(compiled.maxCost, compiled.maxCardinality);
      if (!this.#options.suppressCost && cost > STATIC_COST_LIMIT) {
        errors.push(forbidden(`${at}.rule`, costMessage('estimated rule cost', cost, STATIC_COST_LIMIT)));
      }
      cel.observe(`${at}.rule`, cost);
      if (compiled.error !== undefined) errors.push(invalid(`${at}.rule`, shownRule(rule), compiled.error));
      if (compiled.messageError !== undefined) {
        errors.push(invalid(`${at}.messageExpression`, shownRule(rule), compiled.messageError));
      } else if (compiled.message) {
        if (!this.#options.suppressCost && compiled.messageMaxCost > STATIC_COST_LIMIT) {
          const text = costMessage(
            'estimated messageExpression cost',
            compiled.messageMaxCost,
            STATIC_COST_LIMIT,
          );
          errors.push(forbidden(`${at}.messageExpression`, text));
        }
        cel.observe(`${at}.messageExpression`, compiled.messageMaxCost);
      }
      if (compiled.usesOldSelf) {
        if (standing.uncorrelatable !== undefined) {
          const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${standing.uncorrelatable}`;
          errors.push(invalid(`${at}.rule`, rule.rule, text));
        }
      } else if (rule.optionalOldSelf !== undefined) {
        errors.push(
          invalid(
            `${at}.optionalOldSelf`,
            rule.optionalOldSelf,
            'may not be set if oldSelf is not used in rule',
          ),
        );
      }
    });
    return errors;
  }
}

const forbidOldSelf = (standing: Standing, path: string): Standing =>
  standing.uncorrelatable === undefined ? { ...standing, uncorrelatable: path } : standing;

function extensions(s: JsonSchema, path: string, options: SchemaOptions): FieldError[] {
  const errors: FieldError[] = [];
  const listType = s['x-kubernetes-list-type'];
  const mapType = s['x-kubernetes-map-type'];
  const keys = s['x-kubernetes-list-map-keys'] ?? [];
  const type = s.type ?? '';
  const items = itemsSchema(s);
  if (s['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  if (mapType !== undefined && type !== 'object') {
    const text = 'must be object if x-kubernetes-map-type is specified';
    errors.push(type === '' ? required(`${path}.type`, text) : invalid(`${path}.type`, type, text));
  }
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular') {
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  }
  if (listType !== undefined && type !== 'array') {
    const text = 'must be array if x-kubernetes-list-type is specified';
    errors.push(type === '' ? required(`${path}.type`, text) : invalid(`${path}.type`, type, text));
  } else if (options.requireAtomicSetType && listType === 'set' && items && isNonAtomic(items)) {
    const field = items.type === 'array' ? 'x-kubernetes-list-type' : 'x-kubernetes-map-type';
    const text = 'must be atomic as item of a list with x-kubernetes-list-type=set';
    errors.push(invalid(`${path}.items.${field}`, items['x-kubernetes-list-type'] ?? null, text));
  }
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  }
  if (keys.length > 0 && listType !== 'map') {
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const field = `${path}.x-kubernetes-list-type`;
    errors.push(listType === undefined ? required(field, text) : invalid(field, listType, text));
  }
  if (listType === 'map') errors.push(...mapList(s, path, keys, items));
  if (options.requireMapListKeys) errors.push(...mapListKeys(s, path));
  return errors;
}

export function isNonAtomic(items: JsonSchema): boolean {
  if (items.type === 'array') {
    const inner = items['x-kubernetes-list-type'];
    return inner !== undefined && inner !== 'atomic';
  }
  return items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic';
}

function mapList(
  s: JsonSchema,
  path: string,
  keys: readonly string[],
  items: JsonSchema | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  if (keys.length === 0) {
    errors.push(
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    );
  }
  if (s.items === undefined)
    errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
  else if (!items) {
    errors.push(
      invalid(
        `${path}.items`,
        canonical(s.items),
        'must only have a single schema if x-kubernetes-list-type is map',
      ),
    );
  }
  if (!items) return errors;
  if (items.type !== 'object') {
    errors.push(
      invalid(
        `${path}.items.type`,
        items.type ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
    return errors;
  }
  const seen = new Set<string>();
  for (const key of keys) {
    const property = propertySchema(items, key);
    if (!property) {
      errors.push(
        invalid(`${path}.x-kubernetes-list-map-keys`, keys, 'entries must all be names of item properties'),
      );
    } else if (property.type === 'array' || property.type === 'object') {
      const text = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(`${path}.items.properties[${key}].type`, items.type, text));
    }
    if (seen.has(key))
      errors.push(invalid(`${path}.x-kubernetes-list-map-keys`, keys, 'must not contain duplicate entries'));
    seen.add(key);
  }
  return errors;
}

export function mapListKeys(s: JsonSchema, path: string): FieldError[] {
  const listType = s['x-kubernetes-list-type'];
  const items = itemsSchema(s);
  if (!items || (listType !== 'set' && listType !== 'map')) return [];
  const errors: FieldError[] = [];
  if (items.nullable) {
    errors.push(
      forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  }
  if (listType === 'set') return errors;
  for (const key of s['x-kubernetes-list-map-keys'] ?? []) {
    const property = propertySchema(items, key);
    if (!property) continue;
    const at = `${path}.items.properties[${key}]`;
    if (!items.required?.includes(key) && !hasDefault(property)) {
      const text =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(`${at}.default`, text));
    }
    if (property.nullable) {
      errors.push(
        forbidden(
          `${at}.nullable`,
          'this property is in x-kubernetes-list-map-keys, so it cannot be nullable',
        ),
      );
    }
  }
  return errors;
}

const NEWLINE = /[\n\r]/;

function ruleErrors(rule: ValidationRule, schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const text = (rule.rule ?? '').trim();
  const message = (rule.message ?? '').trim();
  if (text === '') errors.push(required(`${path}.rule`, 'rule is not specified'));
  else if (rule.message && message === '')
    errors.push(invalid(`${path}.message`, rule.message, 'must be non-empty if specified'));
  else if (NEWLINE.test(message))
    errors.push(invalid(`${path}.message`, rule.message, 'must not contain line breaks'));
  else if (NEWLINE.test(text) && message === '') {
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'));
  }
  if (rule.messageExpression && rule.messageExpression.trim() === '') {
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'));
  }
  if (rule.reason !== undefined && !REASONS.includes(rule.reason)) {
    errors.push(notSupported(`${path}.reason`, rule.reason, REASONS));
  }
  const { fieldPath } = rule;
  if (fieldPath) {
    if (fieldPath.trim() === '')
      errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must be non-empty if specified'));
    if (NEWLINE.test(fieldPath))
      errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must not contain line breaks'));
    if (notStructurable(schema) === undefined && 'problem' in validFieldPath(fieldPath, schema)) {
      errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must be a valid path'));
    }
  }
  return errors;
}

function costMessage(name: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor =
    times > 100 ? 'more than 100x' : times < 1.5 ? `${times.toFixed(6)}x` : `${times.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
