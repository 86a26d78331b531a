import {
  CidrValue,
  FormatValue,
  IpValue,
  QuantityValue,
  SemverValue,
  UrlValue,
} from '../kubernetes-values.ts';
import { type CelValue, isList, isMap, isOpaque, sizeOf } from '../values.ts';
import {
  AUTHORIZATION_COST,
  CALL_COST,
  CONSTANT_COST,
  LIST_COST,
  REGEX_FACTOR,
  STRING_FACTOR,
} from './cost-factors.ts';

/** Of calling a function that makes a list. */
const MAKE_LIST = LIST_COST + CALL_COST;

const traversal = (value: CelValue | undefined, factor = STRING_FACTOR): number =>
  value === undefined ? 1 : Math.ceil(sizeOf(value) * factor);

/** Cost of walking a value: one for each scalar, a tenth for each character. */
function walk(value: CelValue): number {
  if (typeof value === 'string') return Math.trunc(Buffer.byteLength(value) * STRING_FACTOR);
  if (value instanceof Uint8Array) return Math.trunc(value.length * STRING_FACTOR);
  let cost = 0;
  if (isList(value)) {
    for (let i = 0; i < value.size; i++) cost += walk(value.get(i));
    return cost;
  }
  if (isMap(value)) {
    for (const key of value.keys()) cost += walk(key) + walk(value.get(key) ?? null);
    return cost;
  }
  return 1;
}

function regexCost(text: CelValue | undefined, patternSize: number): number {
  const length = text === undefined ? 1 : sizeOf(text);
  return Math.ceil((1 + length) * STRING_FACTOR) * Math.ceil(patternSize * REGEX_FACTOR);
}

/** Cost before the call, or undefined when it depends on the result (`joinCost`). */
export function callCost(fn: string, id: string, args: readonly CelValue[]): number | undefined {
  const [first, second] = args;
  switch (fn) {
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      return first === undefined ? 0 : walk(first);
    case 'url':
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
    case 'semver':
    case 'isSemver':
      return traversal(first);
    case 'replace':
    case 'split':
    case 'ip.isCanonical':
      return traversal(first, 2 * STRING_FACTOR);
    case 'join':
      return undefined;
    case 'find':
    case 'findAll':
      return regexCost(first, second === undefined ? 1 : sizeOf(second));
    case 'ip':
      return id === 'cidr_ip' ? 1 : traversal(first);
    case 'containsIP':
    case 'containsCIDR': {
      const size = first === undefined ? 1 : sizeOf(first);
      let cost = Math.ceil(2 * size * STRING_FACTOR);
      if (fn === 'containsCIDR') cost += Math.ceil(size * STRING_FACTOR) + 1;
      return id.endsWith('_string') ? cost + traversal(second) : cost;
    }
    case 'check':
      return AUTHORIZATION_COST;
    case 'validate':
      return first instanceof FormatValue ? regexCost(second, first.regexSize) : 1;
    case '_==_':
      if (first !== undefined && isOpaque(first) && isConstantSize(first)) return 1;
  }
  if (CONSTANT_COST.has(fn)) return 1;
  return standardCost(id, first, second);
}

const isConstantSize = (value: unknown): boolean =>
  [QuantityValue, IpValue, CidrValue, FormatValue, UrlValue, SemverValue].some(
    (type) => value instanceof type,
  );

function standardCost(id: string, first: CelValue | undefined, second: CelValue | undefined): number {
  switch (id) {
    case 'starts_with_string':
    case 'ends_with_string':
    case 'string_to_bytes':
    case 'bytes_to_string':
      return traversal(first);
    case 'in_list':
      return second === undefined ? 1 : sizeOf(second);
    case 'equals':
    case 'not_equals':
    case 'less_string':
    case 'less_equals_string':
    case 'greater_string':
    case 'greater_equals_string':
    case 'less_bytes':
    case 'less_equals_bytes':
    case 'greater_bytes':
    case 'greater_equals_bytes':
      return Math.ceil(Math.min(sizeOf(first ?? null), sizeOf(second ?? null)) * STRING_FACTOR);
    case 'add_string':
    case 'add_bytes':
      return Math.ceil((sizeOf(first ?? null) + sizeOf(second ?? null)) * STRING_FACTOR);
    case 'matches':
    case 'matches_string':
      return regexCost(first, sizeOf(second ?? null));
    case 'contains_string':
      return traversal(first) * traversal(second);
    case 'list_slice':
    case 'list_reverse':
    case 'list_flatten':
    case 'list_flatten_int':
      return MAKE_LIST + sizeOf(first ?? null);
    case 'lists_range':
      return MAKE_LIST + (typeof first === 'bigint' ? Math.max(0, Number(first)) : 0);
    case 'list_distinct':
      return MAKE_LIST + 2 * sizeOf(first ?? null) ** 2;
    case 'list_sets_equivalent_list':
      return 1 + 2 * sizeOf(first ?? null) * sizeOf(second ?? null);
    case 'list_sets_contains_list':
    case 'list_sets_intersects_list':
      return 1 + sizeOf(first ?? null) * sizeOf(second ?? null);
  }
  if (/^list_\w+_sort/.test(id)) return MAKE_LIST + 2 * sizeOf(second ?? first ?? null) ** 2;
  return 1;
}

export const joinCost = (result: CelValue): number => traversal(result, 2 * STRING_FACTOR);
