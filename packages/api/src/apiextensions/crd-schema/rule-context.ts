import { MAX_COST } from '../cel/cost/cost-range.ts';
import { type DeclType, declTypeOf } from '../cel/decl-type.ts';
import { escapeName } from '../cel/escape.ts';
import type { JsonSchema } from '../json-schema.ts';
import { RuleBudget } from './rule-budget.ts';

/**
 * What rules need to know of where they stand: their types, and how often they run. Source:
 * apiextensions-apiserver pkg/apis/apiextensions/validation/cel_validation.go (CELSchemaContext).
 */
export class RuleContext {
  readonly schema: JsonSchema;
  /** Of all schemas below the same root. */
  readonly budget: RuleBudget;
  readonly #parent: RuleContext | undefined;
  /** Finds the type in the parent's. */
  readonly #within: (parent: DeclType) => DeclType | undefined;
  /** How often the schema's data can exist; undefined = unbounded. */
  readonly #cardinality: number | undefined;
  /** This schema or one above has rules, so that types are made for it anyway. */
  readonly isScoped: boolean;
  /** null: not looked for yet. */
  #decl: DeclType | undefined | null = null;

  /** Without a parent: of the root of a definition's schema. */
  constructor(
    schema: JsonSchema,
    parent?: RuleContext,
    within: (parent: DeclType) => DeclType | undefined = () => undefined,
  ) {
    this.schema = schema;
    this.budget = parent?.budget ?? new RuleBudget();
    this.#parent = parent;
    this.#within = within;
    this.isScoped = parent?.isScoped === true || (schema['x-kubernetes-validations'] ?? []).length > 0;
    const factor = parent ? maxElements(parent.schema) : 1;
    const above = parent ? parent.#cardinality : 1;
    this.#cardinality =
      factor === undefined || above === undefined ? undefined : Math.min(MAX_COST, factor * above);
  }

  property(schema: JsonSchema, name: string): RuleContext {
    const escaped = escapeName(name);
    return new RuleContext(schema, this, (parent) =>
      escaped === undefined ? undefined : parent.fields?.get(escaped),
    );
  }
  element(schema: JsonSchema): RuleContext {
    return new RuleContext(schema, this, (parent) => parent.element);
  }

  /** The type of `self`; undefined: rules cannot see such data. */
  get decl(): DeclType | undefined {
    if (this.#decl === null) {
      const parent = this.#parent;
      const above = parent?.isScoped ? parent.decl : undefined;
      const isResource = parent === undefined || this.schema['x-kubernetes-embedded-resource'] === true;
      this.#decl = (above && this.#within(above)) ?? declTypeOf(this.schema, isResource);
    }
    return this.#decl ?? undefined;
  }

  /** Of all runs on one object; `assumed` is how many there are where nothing bounds them. */
  cost(perRun: number, assumed: number): number {
    return perRun === 0 ? 0 : Math.min(MAX_COST, perRun * (this.#cardinality ?? assumed));
  }
}

/** How many parts of the same schema a value of this one has; undefined = unbounded. */
function maxElements(schema: JsonSchema): number | undefined {
  if (schema.type === 'object' && schema.additionalProperties !== undefined) {
    return schema.maxProperties === undefined ? undefined : Math.max(0, schema.maxProperties);
  }
  if (schema.type !== 'array') return 1;
  return schema.maxItems === undefined ? undefined : Math.max(0, schema.maxItems);
}
