import type { TypeSchema } from '../schema/type-schema.ts';
import { type FieldSet, inOrder, isEmpty, isMember, LEAF, withSelf } from './field-set.ts';
import { SELF } from './path-element.ts';
import { typeAt } from './typed-value.ts';

/**
 * The set with each struct field that has children made a member too: field sets leave those out, but to remove
 * what is owned they count.
 */
export function withNamedFields(set: FieldSet, type: TypeSchema | undefined): FieldSet {
  let result: Record<string, FieldSet> | undefined;
  for (const element in set) {
    const node = set[element] as FieldSet;
    if (element === SELF || isEmpty(node)) continue;
    let child = withNamedFields(node, type === undefined ? undefined : typeAt(type, element));
    if (isField(type, element)) child = withSelf(child);
    if (child === node) continue;
    result ??= { ...set };
    result[element] = child;
  }
  return result ?? set;
}

function isField(type: TypeSchema | undefined, element: string): boolean {
  return type?.type === 'struct' && element.startsWith('f:') && type.fields.has(element.slice(2));
}

const reconciled = new WeakMap<TypeSchema, WeakMap<FieldSet, FieldSet>>();

/**
 * Fits a stored set to a type that may have changed since: fields below what is now atomic become that one
 * field. The way back (atomic to granular) is left as it is, as upstream does.
 */
export function reconcileWithSchema(set: FieldSet, type: TypeSchema): FieldSet {
  let bySet = reconciled.get(type);
  if (bySet === undefined) {
    bySet = new WeakMap();
    reconciled.set(type, bySet);
  }
  let result = bySet.get(set);
  if (result === undefined) {
    result = reconcileChildren(set, type);
    bySet.set(set, result);
  }
  return result;
}

function reconcileChildren(set: FieldSet, type: TypeSchema): FieldSet {
  if (type.type === 'any' || (type.type === 'map' && type.values.type === 'any')) return set;
  let result: Record<string, FieldSet> | undefined;
  for (const element in set) {
    const node = set[element] as FieldSet;
    if (element === SELF || isEmpty(node)) continue;
    const child = typeAt(type, element);
    if (child === undefined) continue;
    const fitted = isAtomic(child) ? LEAF : reconcileChildren(node, child);
    if (fitted === node) continue;
    result ??= { ...set };
    result[element] = isMember(node) ? withSelf(fitted) : fitted;
  }
  return result === undefined ? set : inOrder(result);
}

function isAtomic(type: TypeSchema): boolean {
  if (type.type === 'list') return type.listType !== 'map' && type.listType !== 'set';
  return (type.type === 'struct' || type.type === 'map') && type.atomic === true;
}
