import { type FieldError, forbidden } from '../../meta/field-error.ts';
import { additionalSchema, itemsList, itemsSchema, type JsonSchema } from '../json-schema.ts';
import { type KeywordPlace, keywordErrors } from './keywords.ts';
import { listAndMapTypeErrors } from './list-and-map-types.ts';
import { listMapErrors, missingKeyErrors } from './list-map-keys.ts';
import { compilationErrors, type RulePlace } from './rule-compilation.ts';
import type { RuleContext } from './rule-context.ts';
import { declarationErrors } from './rule-declaration.ts';
import type { SchemaOptions } from './schema-options.ts';

/** Where a schema stands below the root. */
interface Place extends KeywordPlace, RulePlace {
  readonly isRoot: boolean;
}

interface Found {
  readonly schema: FieldError[];
  /** Of the expressions of rules. */
  readonly rules: FieldError[];
}

const OBJECT_FIELDS: ReadonlySet<string> = new Set(['metadata', 'kind', 'apiVersion']);

/**
 * All errors of a schema and those below it, in upstream's order: those of the expressions of rules come last,
 * and only of schemas that have no others. `context` is that of the root; undefined: the schema is not
 * structural, so that rules cannot be compiled.
 */
export function walkErrors(
  schema: JsonSchema,
  path: string,
  options: SchemaOptions,
  context: RuleContext | undefined,
): FieldError[] {
  const root = {
    isRoot: true,
    noDefaults: undefined,
    insideMeta: false,
    uncorrelatable: undefined,
    suppressCost: options.suppressCost,
  };
  const found = new SchemaWalk(options).visit(schema, path, root, context);
  return [...found.schema, ...found.rules];
}

class SchemaWalk {
  readonly #options: SchemaOptions;

  constructor(options: SchemaOptions) {
    this.#options = options;
  }

  visit(s: JsonSchema, path: string, place: Place, context: RuleContext | undefined): Found {
    const { requireValidType, requireAtomicSetType, requireMapListKeys } = this.#options;
    const found: Found = { schema: keywordErrors(s, path, place, requireValidType), rules: [] };
    this.#children(s, path, place, context, found);
    found.schema.push(...listAndMapTypeErrors(s, path, requireAtomicSetType), ...listMapErrors(s, path));
    if (requireMapListKeys) found.schema.push(...missingKeyErrors(s, path));
    const rules = s['x-kubernetes-validations'] ?? [];
    rules.forEach((rule, i) => {
      found.schema.push(...declarationErrors(rule, s, `${path}.x-kubernetes-validations[${i}]`));
    });
    if (rules.length > 0 && found.schema.length === 0 && context) {
      found.rules.push(...compilationErrors(rules, path, place, context));
    }
    return found;
  }

  #children(
    s: JsonSchema,
    path: string,
    parent: Place,
    context: RuleContext | undefined,
    found: Found,
  ): void {
    const visit = (child: JsonSchema, at: string, where: Place, inner: RuleContext | undefined): void => {
      const { schema, rules } = this.visit(child, `${path}.${at}`, where, inner);
      found.schema.push(...schema);
      found.rules.push(...rules);
    };
    const place = parent.isRoot ? { ...parent, isRoot: false } : parent;
    found.schema.push(...mixedPropertiesErrors(s, path));
    const extra = additionalSchema(s);
    if (extra) visit(extra, 'additionalProperties', withinAdditional(place), context?.element(extra));
    for (const [name, property] of Object.entries(s.properties ?? {})) {
      const where = ofProperty(s, name, path, place, parent.isRoot);
      visit(property, `properties[${name}]`, where, context?.property(property, name));
    }
    // rules are not allowed in these
    if (s.not) visit(s.not, 'not', place, undefined);
    for (const kind of ['allOf', 'oneOf', 'anyOf'] as const) {
      s[kind]?.forEach((each, i) => {
        visit(each, `${kind}[${i}]`, place, undefined);
      });
    }
    for (const [name, definition] of Object.entries(s.definitions ?? {})) {
      visit(definition, `definitions[${name}]`, place, undefined);
    }
    const ofItems = s['x-kubernetes-list-type'] === 'map' ? place : uncorrelated(place, path);
    const items = itemsSchema(s);
    if (items) visit(items, 'items', ofItems, context?.element(items));
    itemsList(s).forEach((each, i) => {
      visit(each, `items[${i}]`, ofItems, context?.element(each));
    });
  }
}

function mixedPropertiesErrors(s: JsonSchema, path: string): FieldError[] {
  const extra = s.additionalProperties;
  if (extra === undefined || extra === true || Object.keys(s.properties ?? {}).length === 0) return [];
  const text = 'additionalProperties and properties are mutual exclusive';
  return [forbidden(`${path}.additionalProperties`, text)];
}

const withinAdditional = (place: Place): Place =>
  place.insideMeta
    ? { ...place, noDefaults: 'inside additionalProperties applying to object metadata' }
    : place;

function ofProperty(s: JsonSchema, name: string, path: string, place: Place, isAtRoot: boolean): Place {
  const mapType = s['x-kubernetes-map-type'];
  const isKnown = mapType === undefined || mapType === 'granular' || mapType === 'atomic';
  const where = isKnown ? place : uncorrelated(place, path);
  if (!OBJECT_FIELDS.has(name) || !(isAtRoot || s['x-kubernetes-embedded-resource'])) return where;
  const noDefaults = isAtRoot ? `in top-level ${name}` : where.noDefaults;
  return { ...where, insideMeta: true, noDefaults };
}

/** Parts of this schema, and all below, cannot be matched with those of the old object. */
const uncorrelated = (place: Place, path: string): Place =>
  place.uncorrelatable === undefined ? { ...place, uncorrelatable: path } : place;
