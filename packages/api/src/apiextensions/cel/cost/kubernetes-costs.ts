import { type CelType, sameType } from '../types.ts';
import { type CallCost, type CostOf, literalInt, search, sizeOf, traversal } from './call.ts';
import { AUTHORIZATION_COST, REGEX_FACTOR, STRING_FACTOR } from './cost-factors.ts';
import { add, type CostRange, exactly, MAX_COST, multiply, ONE, scale, upTo, ZERO } from './cost-range.ts';
import { replacedSize } from './replaced-size.ts';

const walkFirst: CostOf = ({ args }) => ({ cost: traversal(args[0]) });

/** Each element is looked at; those that are texts are walked through. */
const eachElement: CostOf = ({ target, sizes }) => {
  const element = target && sizes.elementOf(target.expr);
  if (!element) return { cost: traversal(target) };
  const isText = element.type.kind === 'string' || element.type.kind === 'bytes';
  const each = isText ? add(ONE, scale(element.size, STRING_FACTOR)) : ONE;
  return { cost: multiply(sizeOf(target), each) };
};

/** A text of the same size is made. */
const sameText: CostOf = ({ target }) => ({ cost: traversal(target), size: sizeOf(target) });

const split: CostOf = ({ target, args: [, limit] }) => {
  const most = literalInt(limit) ?? sizeOf(target).max;
  return { cost: traversal(target, 2 * STRING_FACTOR), size: upTo(most < 0 ? MAX_COST : most) };
};

const join: CostOf = ({ target, args: [separator], sizes }) => {
  const list = sizeOf(target);
  const element = target && sizes.elementOf(target.expr);
  let size = element ? multiply(list, element.size) : ZERO;
  if (separator) {
    const between = { min: Math.max(0, list.min - 1), max: Math.max(0, list.max - 1) };
    size = add(size, multiply(sizeOf(separator), between));
  }
  return { cost: scale(size, STRING_FACTOR), size };
};

const find: CostOf = ({ target, args: [pattern] }) => ({
  cost: search(target, pattern),
  size: upTo(sizeOf(target).max),
});

/** Bytes of two addresses, which are compared, and of one, which is masked before. */
const TWO_ADDRESSES: CostRange = { min: 8, max: 32 };
const ADDRESS: CostRange = { min: 4, max: 16 };
const containsIp = scale(TWO_ADDRESSES, STRING_FACTOR);
const containsCidr = add(add(containsIp, scale(ADDRESS, STRING_FACTOR)), ONE);

/** What is given as a text is read first. */
const containing =
  (cost: CostRange): CostOf =>
  ({ args }, id) => ({ cost: id.endsWith('_string') ? add(cost, traversal(args[0])) : cost });

/** Patterns of the formats that have names are no longer than this. */
const FORMAT_PATTERN_SIZE = 128;

/** Values of the libraries' own types, which differ from what texts of their size cost. */
const equals: CostOf = ({ args: [left, right], sizes }) => {
  if (!left || !right) return undefined;
  const type = sizes.type(left.expr);
  return sameType(type, sizes.type(right.expr)) ? equalityCost(type, right.size) : undefined;
};

function equalityCost({ kind }: CelType, size: CostRange | undefined): CallCost | undefined {
  switch (kind) {
    case 'net.IP':
    case 'net.CIDR':
    case 'kubernetes.Quantity':
    case 'kubernetes.Semver':
      return { cost: ONE };
    case 'kubernetes.NamedFormat':
      return { cost: scale({ min: 1, max: 64 }, STRING_FACTOR) };
    case 'kubernetes.URL':
      return { cost: scale({ min: 1, max: size?.max ?? 1 }, STRING_FACTOR) };
    default:
      return undefined;
  }
}

/** Functions by name. Source: apiserver pkg/cel/library/cost.go (CostEstimator.EstimateCallCost). */
export const KUBERNETES_COSTS: ReadonlyMap<string, CostOf> = new Map([
  ['isSorted', eachElement],
  ['sum', eachElement],
  ['max', eachElement],
  ['min', eachElement],
  ['indexOf', eachElement],
  ['lastIndexOf', eachElement],
  ['url', ({ args: [text] }) => ({ cost: traversal(text), size: sizeOf(text) })],
  ['lowerAscii', sameText],
  ['upperAscii', sameText],
  ['substring', sameText],
  ['trim', sameText],
  [
    'replace',
    ({ target, args: [from, to] }) => ({
      cost: traversal(target, 2 * STRING_FACTOR),
      size: replacedSize(sizeOf(target), sizeOf(from), sizeOf(to)),
    }),
  ],
  ['split', split],
  ['join', join],
  ['find', find],
  ['findAll', find],
  ['cidr', walkFirst],
  ['isIP', walkFirst],
  ['isCIDR', walkFirst],
  ['quantity', walkFirst],
  ['isQuantity', walkFirst],
  ['semver', walkFirst],
  ['isSemver', walkFirst],
  ['ip', (call, id) => (id === 'cidr_ip' ? { cost: ONE } : walkFirst(call, id))],
  ['ip.isCanonical', ({ args }) => ({ cost: traversal(args[0], 2 * STRING_FACTOR) })],
  ['containsIP', containing(containsIp)],
  ['containsCIDR', containing(containsCidr)],
  ['validate', ({ args }) => ({ cost: scale(traversal(args[0]), FORMAT_PATTERN_SIZE * REGEX_FACTOR) })],
  ['check', () => ({ cost: exactly(AUTHORIZATION_COST) })],
  ['_==_', equals],
] satisfies [string, CostOf][]);
