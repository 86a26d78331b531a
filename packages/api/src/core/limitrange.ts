import type { Quantity } from '@sampan/base';
import type { KindRules } from '../kinds/resource.ts';
import { duplicate, type FieldError, forbidden, invalid, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { roundToMilli } from './pod/defaults.ts';
import { containerResourceNameErrors, isOvercommitAllowed, resourceNameErrors } from './resource-names.ts';
import { each, list, type Part, qualifiedName, quantity, sortedEntries } from './shared.ts';

const TYPES = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);

function typeErrors(type: string, field: string): FieldError[] {
  const errors = each(field, type, qualifiedName(type));
  if (errors.length > 0 || type.includes('/') || TYPES.has(type)) return errors;
  return [invalid(field, type, 'must be a standard limit type or fully qualified')];
}

type Bound = 'min' | 'max' | 'default' | 'defaultRequest';

/** Pairs of bounds where the first must not exceed the second; `blame` is the field, `shows` its value. */
const ORDER: readonly {
  low: Bound;
  high: Bound;
  blame: Bound;
  shows: Bound;
  words: readonly [string, string];
}[] = [
  { low: 'min', high: 'max', blame: 'min', shows: 'min', words: ['min value', 'max value'] },
  {
    low: 'min',
    high: 'defaultRequest',
    blame: 'defaultRequest',
    shows: 'defaultRequest',
    words: ['min value', 'default request value'],
  },
  {
    low: 'defaultRequest',
    high: 'max',
    blame: 'defaultRequest',
    shows: 'defaultRequest',
    words: ['default request value', 'max value'],
  },
  {
    low: 'defaultRequest',
    high: 'default',
    blame: 'defaultRequest',
    shows: 'defaultRequest',
    words: ['default request value', 'default limit value'],
  },
  { low: 'min', high: 'default', blame: 'default', shows: 'min', words: ['min value', 'default value'] },
  { low: 'default', high: 'max', blame: 'default', shows: 'max', words: ['default value', 'max value'] },
];

function ratioErrors(limit: Part, name: string, field: string): FieldError[] {
  const own = (map: Part): Quantity | undefined =>
    map !== undefined && Object.hasOwn(map, name) ? quantity(map[name]) : undefined;
  const ratio = own(limit.maxLimitRequestRatio);
  if (!ratio) return [];
  const path = `${field}.maxLimitRequestRatio[${name}]`;
  const errors: FieldError[] = [];
  if (ratio.compare(quantity('1')) < 0)
    errors.push(invalid(path, ratio.toString(), `ratio ${ratio} is less than 1`));
  const min = own(limit.min);
  const max = own(limit.max);
  if (min && max) {
    const allowed = max.milliValue() / min.milliValue();
    if (ratio.milliValue() / 1000 > allowed) {
      const text = Number.isFinite(allowed) ? allowed.toFixed(6) : '+Inf';
      errors.push(invalid(path, ratio.toString(), `ratio ${ratio} is greater than max/min = ${text}`));
    }
  }
  return errors;
}

function boundErrors(limit: Part, name: string, field: string): FieldError[] {
  const bound = (which: Bound): Quantity | undefined => {
    // Pods have no defaults; naming one is an error of its own.
    if (limit.type === 'Pod' && which.startsWith('default')) return undefined;
    const map = limit[which];
    return map !== undefined && Object.hasOwn(map, name) ? quantity(map[name]) : undefined;
  };
  const errors: FieldError[] = [];
  for (const { low, high, blame, shows, words } of ORDER) {
    const left = bound(low);
    const right = bound(high);
    if (!left || !right || left.compare(right) <= 0) continue;
    const message = `${words[0]} ${left} is greater than ${words[1]} ${right}`;
    errors.push(invalid(`${field}.${blame}[${name}]`, String(bound(shows)), message));
  }
  errors.push(...ratioErrors(limit, name, field));
  const limitDefault = bound('default');
  const request = bound('defaultRequest');
  if (limitDefault && request && !isOvercommitAllowed(name) && !limitDefault.equals(request)) {
    const message = `default value ${limitDefault} must equal to defaultRequest value ${request} in ${name}`;
    errors.push(invalid(`${field}.defaultRequest[${name}]`, request.toString(), message));
  }
  return errors;
}

function limitErrors(limit: Part, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const nameErrors =
    limit.type === 'Pod' || limit.type === 'Container' ? containerResourceNameErrors : resourceNameErrors;
  const names = new Set<string>();
  const visit = (map: string): void => {
    for (const [name] of sortedEntries(limit[map])) {
      errors.push(...nameErrors(name, `${field}.${map}[${name}]`));
      if (map !== 'maxLimitRequestRatio') names.add(name);
    }
  };
  visit('max');
  visit('min');
  if (limit.type === 'Pod') {
    for (const map of ['default', 'defaultRequest']) {
      if (Object.keys(limit[map] ?? {}).length > 0) {
        errors.push(forbidden(`${field}.${map}`, "may not be specified when `type` is 'Pod'"));
      }
    }
  } else {
    visit('default');
    visit('defaultRequest');
  }
  if (
    limit.type === 'PersistentVolumeClaim' &&
    limit.min?.storage === undefined &&
    limit.max?.storage === undefined
  ) {
    errors.push(
      required(
        `${field}.limits`,
        'either minimum or maximum storage value is required, but neither was provided',
      ),
    );
  }
  visit('maxLimitRequestRatio');
  for (const name of names) errors.push(...boundErrors(limit, name, field));
  return errors;
}

function validateLimitRange(range: KubeObject): FieldError[] {
  const seen = new Set<string>();
  return list(range.spec?.limits).flatMap((limit, index) => {
    const field = `spec.limits[${index}]`;
    const type: string = limit.type ?? '';
    const errors = typeErrors(type, `${field}.type`);
    if (seen.has(type)) errors.push(duplicate(`${field}.type`, type));
    seen.add(type);
    return [...errors, ...limitErrors(limit, field)];
  });
}

/** SetDefaults_LimitRangeItem: a missing limit is the maximum, a missing request the limit, else the minimum. */
function setLimitDefaults(limit: Part): void {
  for (const map of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'])
    roundToMilli(limit[map]);
  if (limit.type !== 'Container') return;
  const limits = { ...limit.max, ...limit.default };
  const requests = { ...limit.min, ...limits, ...limit.defaultRequest };
  if (Object.keys(limits).length > 0) limit.default = limits;
  if (Object.keys(requests).length > 0) limit.defaultRequest = requests;
}

export const limitRangeRules: KindRules = {
  setDefaults(range) {
    for (const limit of list(range.spec?.limits)) setLimitDefaults(limit);
  },
  validate: validateLimitRange,
  createOnUpdate: true,
  generation: false,
};
