import { isObject } from '@sampan/base';
import { EMPTY, type FieldSet, inOrder, isEmpty, LEAF, union, withSelf } from './field-set.ts';
import { canonicalElement, SELF } from './path-element.ts';

/** Deeper field paths than this are refused. */
const MAX_DEPTH = 1_000;

/** Sets made or checked here; stored objects are frozen, so a checked one stays right. */
const checked = new WeakMap<object, FieldSet>();

/**
 * Reads a `fieldsV1` value. Elements are brought into canonical form and order; one that already is so is given
 * back itself. Frozen values are remembered. Throws `SyntaxError` when it is malformed.
 */
export function decodeFieldsV1(fields: unknown): FieldSet {
  if (fields === undefined || fields === null) return EMPTY;
  if (!isObject(fields)) throw new SyntaxError('fieldsV1 must be an object');
  const known = checked.get(fields);
  if (known !== undefined) return known;
  const set = decodeNode(fields, 0);
  if (Object.isFrozen(fields)) checked.set(fields, set);
  return set;
}

/** Says that a set was made here and is about to be stored: it is canonical, and nobody changes it any more. */
export function rememberFieldsV1(set: FieldSet): void {
  checked.set(set, set);
}

function decodeNode(node: object, depth: number): FieldSet {
  if (depth > MAX_DEPTH) throw new SyntaxError('fieldsV1 is too deep');
  const result: Record<string, FieldSet> = {};
  let same = true;
  for (const [element, value] of Object.entries(node)) {
    if (element === SELF) {
      result[SELF] = LEAF;
      same &&= isObject(value) && isEmpty(value as FieldSet);
      continue;
    }
    const canonical = canonicalElement(element);
    if (!isObject(value)) throw new SyntaxError(`${element} must be an object`);
    if (canonical === undefined) {
      same = false;
      continue;
    }
    const child = decodeNode(value, depth + 1);
    same &&= child === value && canonical === element;
    const twin = result[canonical];
    result[canonical] = twin === undefined ? child : mergeTwins(twin, child);
  }
  if (depth > 0 && SELF in result && Object.keys(result).length === 1) return LEAF;
  if (depth === 0) delete result[SELF];
  const ordered = inOrder(result);
  return same && ordered === result && !(depth === 0 && SELF in node) ? (node as FieldSet) : ordered;
}

/** Two spellings of one element. */
function mergeTwins(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return withSelf(isEmpty(a) ? b : a);
  return union(a, b);
}
