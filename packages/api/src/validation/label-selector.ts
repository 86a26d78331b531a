import { type FieldError, fieldErrorMessage, forbidden, invalid, required } from '../meta/field-error.ts';
import { append } from './append.ts';
import { isQualifiedName, isValidLabelValue } from './label-syntax.ts';

export type Labels = Readonly<Record<string, string>>;

export type SelectorOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** metav1.LabelSelector. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: LabelSelectorRequirement[];
}
export interface LabelSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

const INTEGER = /^[+-]?\d+$/;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** strconv.ParseInt in base 10; undefined when it fails. */
export function parseInt64(text: string): bigint | undefined {
  if (text.length > 64 || !INTEGER.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value < MIN_INT64 || value > MAX_INT64 ? undefined : value;
}

function lookup(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

export function matchesRequirement(requirement: Requirement, labels: Labels | undefined): boolean {
  const value = lookup(labels, requirement.key);
  switch (requirement.operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    default: {
      const left = value === undefined ? undefined : parseInt64(value);
      const right = parseInt64(requirement.values[0] ?? '');
      if (left === undefined || right === undefined) return false;
      return requirement.operator === 'gt' ? left > right : left < right;
    }
  }
}

const SYMBOLS: Record<SelectorOperator, string> = {
  '=': '=',
  '==': '==',
  '!=': '!=',
  in: ' in ',
  notin: ' notin ',
  exists: '',
  '!': '',
  gt: '>',
  lt: '<',
};

function requirementText({ key, operator, values }: Requirement): string {
  if (operator === 'exists') return key;
  if (operator === '!') return `!${key}`;
  const joined = [...values].sort().join(',');
  return `${key}${SYMBOLS[operator]}${operator === 'in' || operator === 'notin' ? `(${joined})` : joined}`;
}

/** A compiled selector. Immutable; requirements are sorted by key. */
export class LabelMatcher {
  readonly requirements: readonly Requirement[];
  /** Matches no object at all (a null LabelSelector). */
  readonly nothing: boolean;

  constructor(requirements: readonly Requirement[], nothing = false) {
    this.requirements = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    this.nothing = nothing;
  }

  /** True when every object matches. */
  get empty(): boolean {
    return !this.nothing && this.requirements.length === 0;
  }

  matches(labels: Labels | undefined): boolean {
    if (this.nothing) return false;
    for (const requirement of this.requirements) if (!matchesRequirement(requirement, labels)) return false;
    return true;
  }

  /** The query-string form, as in `scale.status.selector`. */
  toString(): string {
    return this.requirements.map(requirementText).join(',');
  }
}

export const EVERYTHING = new LabelMatcher([]);
export const NOTHING = new LabelMatcher([], true);

/** Matches objects that have exactly these labels among theirs. */
export function matcherOfLabels(labels: Labels | undefined): LabelMatcher {
  return new LabelMatcher(
    Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] })),
  );
}

const COMPILED = new Map<string, SelectorOperator>([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

/**
 * metav1.LabelSelectorAsSelector: absent matches nothing, empty everything. Throws an Error with upstream's text
 * when the selector is not valid.
 */
export function compileLabelSelector(selector: LabelSelector | null | undefined): LabelMatcher {
  if (selector === undefined || selector === null) return NOTHING;
  const requirements: Requirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push(newRequirement(key, '=', [value]));
  }
  for (const expression of selector.matchExpressions ?? []) {
    const operator = COMPILED.get(expression.operator);
    if (operator === undefined) {
      throw new Error(`${JSON.stringify(expression.operator)} is not a valid label selector operator`);
    }
    requirements.push(newRequirement(expression.key, operator, expression.values ?? []));
  }
  return requirements.length === 0 ? EVERYTHING : new LabelMatcher(requirements);
}

/** labels.NewRequirement; throws an Error whose text is upstream's aggregate. */
export function newRequirement(
  key: string,
  operator: SelectorOperator,
  values: readonly string[],
): Requirement {
  const errors = requirementErrors(key, operator, values);
  if (errors.length > 0) {
    const messages = [...new Set(errors.map(fieldErrorMessage))];
    throw new Error(messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`);
  }
  return { key, operator, values };
}

function requirementErrors(key: string, operator: SelectorOperator, values: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const keyMessages = isQualifiedName(key);
  if (keyMessages.length > 0) errors.push(invalid('key', key, keyMessages.join('; ')));
  const count = values.length;
  if (operator === 'in' || operator === 'notin') {
    if (count === 0)
      errors.push(invalid('values', values, "for 'in', 'notin' operators, values set can't be empty"));
  } else if (operator === 'exists' || operator === '!') {
    if (count !== 0)
      errors.push(invalid('values', values, 'values set must be empty for exists and does not exist'));
  } else if (operator === 'gt' || operator === 'lt') {
    if (count !== 1)
      errors.push(invalid('values', values, "for 'Gt', 'Lt' operators, exactly one value is required"));
    values.forEach((value, i) => {
      if (parseInt64(value) === undefined) {
        errors.push(invalid(`values[${i}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
      }
    });
  } else if (count !== 1) {
    errors.push(invalid('values', values, 'exact-match compatibility requires one single value'));
  }
  values.forEach((value, i) => {
    const messages = isValidLabelValue(value);
    if (messages.length > 0) errors.push(invalid(`values[${i}][${key}]`, value, messages.join('; ')));
  });
  return errors;
}

export interface LabelSelectorOptions {
  /** For updates of objects that already hold an invalid value. */
  readonly allowInvalidLabelValueInSelector?: boolean;
  readonly allowUnknownOperator?: boolean;
}

/** metav1 validation.ValidateLabelSelector; an absent selector has no errors. */
export function validateLabelSelector(
  selector: LabelSelector | null | undefined,
  field: string,
  options: LabelSelectorOptions = {},
): FieldError[] {
  if (selector === undefined || selector === null) return [];
  const errors = validateLabels(selector.matchLabels, `${field}.matchLabels`);
  selector.matchExpressions?.forEach((expression, i) => {
    append(errors, validateSelectorRequirement(expression, `${field}.matchExpressions[${i}]`, options));
  });
  return errors;
}

export function validateSelectorRequirement(
  requirement: LabelSelectorRequirement,
  field: string,
  options: LabelSelectorOptions = {},
): FieldError[] {
  const errors: FieldError[] = [];
  const values = requirement.values ?? [];
  const operator = requirement.operator;
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(
        forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
    }
  } else if (options.allowUnknownOperator !== true) {
    errors.push(invalid(`${field}.operator`, operator ?? '', 'not a valid selector operator'));
  }
  append(errors, validateLabelName(requirement.key ?? '', `${field}.key`));
  if (options.allowInvalidLabelValueInSelector !== true) {
    values.forEach((value, i) => {
      for (const message of isValidLabelValue(value))
        errors.push(invalid(`${field}.values[${i}]`, value, message));
    });
  }
  return errors;
}

/** Does the selector hold a value that is no label value? Then updates may keep it. */
export function hasInvalidLabelValue(selector: LabelSelector | null | undefined): boolean {
  return (
    selector?.matchExpressions?.some((e) => e.values?.some((value) => isValidLabelValue(value).length > 0)) ??
    false
  );
}

export function validateLabelName(name: string, field: string): FieldError[] {
  return isQualifiedName(name).map((message) => invalid(field, name, message));
}

/** metav1 validation.ValidateLabels. */
export function validateLabels(labels: Labels | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (labels === undefined || labels === null) return errors;
  for (const key of Object.keys(labels)) {
    for (const message of isQualifiedName(key)) errors.push(invalid(field, key, message));
    const value = labels[key] as string;
    for (const message of isValidLabelValue(value)) errors.push(invalid(field, value, message));
  }
  return errors;
}
