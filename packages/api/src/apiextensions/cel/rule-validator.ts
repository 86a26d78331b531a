import { isObject } from '@sampan/base';
import {
  duplicate,
  type FieldError,
  type FieldErrorType,
  fieldErrorMessage,
  forbidden,
  invalid,
  OMIT_VALUE,
  required,
} from '../../meta/field-error.ts';
import { type Correlated, MapList } from '../correlate.ts';
import { childField, indexField, keyField, NO_PATH } from '../field-path.ts';
import type { JsonSchema, ValidationRule } from '../json-schema.ts';
import type { SchemaNode } from '../schema-node.ts';
import { type CompiledRule, compileRules } from './compile-rule.ts';
import { type DeclType, declTypeOf } from './decl-type.ts';
import { escapeName } from './escape.ts';
import { validFieldPath } from './field-path.ts';
import { fromJson, resourceNode } from './from-json.ts';
import { CelError, type CelValue, CostLimitError, Optional, startRequestWork } from './values.ts';

/** Cost of all rules of one request, and of one rule (apiserver pkg/apis/cel/config.go). */
export const RUNTIME_COST_BUDGET = 10_000_000;
export const PER_CALL_LIMIT = 1_000_000;
const MAX_MESSAGE_BYTES = 5 * 1024;

export interface RuleOutcome {
  readonly errors: FieldError[];
  /** What failed but may stay, since it has not changed (KEP-4008). */
  readonly warnings: readonly string[];
  /** What is left of the budget; negative when it ran out. */
  readonly remaining: number;
}

/** The compiled rules of a schema and of all below it. */
export interface RuleValidator {
  /** `path` is that of the value; '' for a whole object. */
  validate(value: unknown, old: unknown, budget: number, correlated?: Correlated, path?: string): RuleOutcome;
}

/** Undefined when nothing in the schema has rules. Source: apiextensions-apiserver pkg/apiserver/schema/cel. */
export function ruleValidator(node: SchemaNode, resourceRoot = true): RuleValidator | undefined {
  if (!node.rulesBelow) return undefined;
  const decl = declTypeOf(node.schema, resourceRoot);
  if (!decl) return undefined;
  const tree = new RuleTree(node, resourceRoot, decl);
  return {
    validate(value, old, budget, correlated, path = '') {
      startRequestWork();
      const walk = new Walk(budget);
      walk.visit(tree, path, value, old, { current: correlated, parent: undefined });
      return { errors: walk.errors, warnings: walk.warnings, remaining: walk.remaining };
    },
  };
}

/** The rules of a schema node and of those below; each part is made when a value first needs it. */
class RuleTree {
  readonly node: SchemaNode;
  readonly resourceRoot: boolean;
  readonly #decl: DeclType;
  readonly #children = new Map<SchemaNode, RuleTree | undefined>();
  #rules: readonly CompiledRule[] | undefined;
  #fieldPaths: readonly string[] | undefined;

  constructor(node: SchemaNode, resourceRoot: boolean, decl: DeclType) {
    this.node = node;
    this.resourceRoot = resourceRoot;
    this.#decl = decl;
  }
  get rules(): readonly CompiledRule[] {
    this.#rules ??= compileRules(this.node.schema['x-kubernetes-validations'] ?? [], this.#decl);
    return this.#rules;
  }
  /** Where the rules report their errors, normalized; '' = at the value. */
  get fieldPaths(): readonly string[] {
    this.#fieldPaths ??= this.rules.map(({ rule }) =>
      rule.fieldPath ? normalized(rule.fieldPath, this.node.schema) : '',
    );
    return this.#fieldPaths;
  }
  get items(): RuleTree | undefined {
    const { items } = this.node;
    return items && this.#child(items, () => this.#decl.element);
  }
  property(name: string): RuleTree | undefined {
    const child = this.node.properties.get(name);
    if (!child) return undefined;
    const escaped = escapeName(name);
    return this.#child(child, () =>
      escaped === undefined ? declTypeOf(child.schema, child.embedded) : this.#decl.fields?.get(escaped),
    );
  }
  get additional(): RuleTree | undefined {
    const { additional } = this.node;
    return additional === undefined || additional === true
      ? undefined
      : this.#child(additional, () => this.#decl.element);
  }
  #child(node: SchemaNode, declOf: () => DeclType | undefined): RuleTree | undefined {
    if (!node.rulesBelow) return undefined;
    if (this.#children.has(node)) return this.#children.get(node);
    const decl = declOf();
    const tree = decl && new RuleTree(node, node.embedded, decl);
    this.#children.set(node, tree);
    return tree;
  }
}

function normalized(path: string, schema: JsonSchema): string {
  const found = validFieldPath(path, schema);
  return 'problem' in found ? '' : found.path;
}

/** Where the value is in the old object, for ratcheting. */
interface Ratchet {
  readonly current: Correlated | undefined;
  /** The nearest ancestor that has an old value. */
  readonly parent: Correlated | undefined;
}

const unchanged = ({ current, parent }: Ratchet): boolean =>
  current ? current.equal : (parent?.equal ?? false);

function ratchetKey(ratchet: Ratchet, name: string): Ratchet {
  if (!ratchet.current) return ratchet;
  if (!ratchet.parent && (name === 'apiVersion' || name === 'kind'))
    return { current: undefined, parent: undefined };
  return { current: ratchet.current.key(name), parent: ratchet.current };
}

function ratchetIndex(ratchet: Ratchet, i: number): Ratchet {
  return ratchet.current ? { current: ratchet.current.index(i), parent: ratchet.current } : ratchet;
}

const MAX_ERRORS = 500;
/** More would not fit into the headers of an answer. */
const MAX_WARNINGS = 100;

class Walk {
  readonly errors: FieldError[] = [];
  readonly warnings: string[] = [];
  remaining: number;

  constructor(budget: number) {
    this.remaining = budget;
  }

  visit(tree: RuleTree, path: string, value: unknown, old: unknown, ratchet: Ratchet): void {
    if (value === null || value === undefined || this.remaining < 0) return;
    this.#rules(tree, path, value, old, ratchet);
    if (Array.isArray(value)) this.#items(tree, path, value, old, ratchet);
    else if (isObject(value)) this.#fields(tree, path, value, old, ratchet);
  }

  #items(tree: RuleTree, path: string, value: readonly unknown[], old: unknown, ratchet: Ratchet): void {
    const { items } = tree;
    if (!items) return;
    const before = new MapList(tree.node, old);
    for (let i = 0; i < value.length && this.remaining >= 0; i++) {
      this.visit(items, indexField(path, i), value[i], before.get(value[i]), ratchetIndex(ratchet, i));
    }
  }

  #fields(
    tree: RuleTree,
    path: string,
    value: Record<string, unknown>,
    old: unknown,
    ratchet: Ratchet,
  ): void {
    const previous = isObject(old) ? old : undefined;
    const { additional } = tree;
    for (const key of Object.keys(value)) {
      if (this.remaining < 0) return;
      const child = tree.property(key);
      const oldValue = previous && Object.hasOwn(previous, key) ? previous[key] : undefined;
      if (child) this.visit(child, childField(path, key), value[key], oldValue, ratchetKey(ratchet, key));
      else if (additional) {
        this.visit(additional, keyField(path, key), value[key], oldValue, ratchetKey(ratchet, key));
      }
    }
  }

  #fail(path: string, type: string, detail: string): void {
    this.#add(invalid(path || NO_PATH, type, detail), false);
  }

  #add(error: FieldError, ratcheted: boolean): void {
    if (!ratcheted && this.errors.length < MAX_ERRORS) this.errors.push(error);
    if (ratcheted && this.warnings.length < MAX_WARNINGS) this.warnings.push(fieldErrorMessage(error));
  }

  #stop(path: string, type: string, detail: string): void {
    this.#fail(path, type, detail);
    this.remaining = -1;
  }

  #rules(tree: RuleTree, path: string, value: unknown, old: unknown, ratchet: Ratchet): void {
    if (tree.rules.length === 0) return;
    const type = tree.node.schema.type ?? '';
    const node = tree.resourceRoot ? resourceNode(tree.node) : tree.node;
    let self: CelValue;
    let oldSelf: CelValue | undefined;
    try {
      self = fromJson(value, node);
      oldSelf = old === undefined || old === null ? undefined : fromJson(old, node);
    } catch (error) {
      if (!(error instanceof CelError) && !(error instanceof CostLimitError)) throw error;
      this.#fail(path, type, error.message);
      return;
    }
    tree.rules.forEach((compiled, i) => {
      if (this.remaining < 0) return;
      this.#rule(compiled, tree.fieldPaths[i] ?? '', path, type, value, self, oldSelf, ratchet);
    });
  }

  #rule(
    compiled: CompiledRule,
    fieldPath: string,
    path: string,
    type: string,
    value: unknown,
    self: CelValue,
    oldSelf: CelValue | undefined,
    ratchet: Ratchet,
  ): void {
    const { rule } = compiled;
    if (this.remaining === 0) {
      this.#stop(path, type, OUT_OF_BUDGET);
      return;
    }
    if (compiled.error !== undefined) {
      this.#fail(path, type, `rule compile error: ${compiled.error}`);
      return;
    }
    if (!compiled.program) return;
    if (compiled.usesOldSelf && oldSelf === undefined && !rule.optionalOldSelf) return;
    const before = rule.optionalOldSelf
      ? oldSelf === undefined
        ? Optional.NONE
        : new Optional(oldSelf)
      : oldSelf;
    const outcome = compiled.program.run({ self, oldSelf: before }, PER_CALL_LIMIT);
    if (outcome.cost > this.remaining) {
      this.#stop(path, type, OUT_OF_BUDGET);
      return;
    }
    this.remaining -= outcome.cost;
    if (outcome.error) {
      const { message } = outcome.error;
      const shown = ruleText(rule);
      if (outcome.error instanceof CostLimitError) {
        const text = `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown}`;
        this.#stop(path, type, text);
        return;
      }
      if (message.startsWith('no such overload')) {
        const text = `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`;
        this.#fail(path, type, text);
        return;
      }
      this.#fail(path, type, `${message} evaluating rule: ${shown}`);
      return;
    }
    if (outcome.value === true) return;
    const field = fieldPath === '' ? path : childField(path, fieldPath.replace(/^\./, ''));
    const ratcheted = !compiled.usesOldSelf && unchanged(ratchet);
    const detail = this.#detail(compiled, field, type, self, before, ratcheted);
    if (detail === undefined) return;
    const shown = type === 'object' || type === 'array' ? OMIT_VALUE : value;
    this.#add(errorFor(rule.reason, field || NO_PATH, shown, detail), ratcheted);
  }

  /** The message of a failed rule; undefined when evaluating it ended everything. */
  #detail(
    compiled: CompiledRule,
    field: string,
    type: string,
    self: CelValue,
    oldSelf: CelValue | undefined,
    ratcheted: boolean,
  ): string | undefined {
    const { rule, message } = compiled;
    const standard = rule.message ? rule.message.trim() : `failed rule: ${ruleText(rule)}`;
    if (!message) return standard;
    const outcome = message.run({ self, oldSelf }, PER_CALL_LIMIT);
    const stop = (detail: string): undefined => {
      this.#add(invalid(field || NO_PATH, type, detail), ratcheted);
      this.remaining = -1;
      return undefined;
    };
    if (outcome.cost > this.remaining) {
      return stop(
        'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
      );
    }
    if (outcome.error instanceof CostLimitError) {
      const quoted = JSON.stringify(rule.messageExpression);
      return stop(
        `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${quoted}`,
      );
    }
    this.remaining -= outcome.cost;
    if (typeof outcome.value !== 'string') return standard;
    const text = outcome.value.trim();
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > MAX_MESSAGE_BYTES
      ? standard
      : text;
  }
}

const OUT_OF_BUDGET =
  'validation failed due to running out of cost budget, no further validation rules will be run';

const ruleText = (rule: ValidationRule): string => (rule.message || rule.rule).trim();

const BY_REASON: Readonly<Record<string, FieldErrorType>> = {
  FieldValueForbidden: 'FieldValueForbidden',
  FieldValueRequired: 'FieldValueRequired',
  FieldValueDuplicate: 'FieldValueDuplicate',
};

function errorFor(reason: string | undefined, field: string, value: unknown, detail: string): FieldError {
  switch (reason === undefined ? undefined : BY_REASON[reason]) {
    case 'FieldValueForbidden':
      return forbidden(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return duplicate(field, value);
    default:
      return invalid(field, value, detail);
  }
}
