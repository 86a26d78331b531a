import {
  childrenOf,
  type FieldSet,
  inOrder,
  isEmpty,
  isMember,
  LEAF,
  recursiveDifference,
  setOf,
} from './field-set.ts';
import { SELF } from './path-element.ts';

/** Which fields a request can own at all: those that its endpoint resets are left out. */
export type FieldFilter = (set: FieldSet) => FieldSet;

/** Leaves out the fields and all below them: `excludingFields(['status'])` for the main endpoint. */
export function excludingFields(...paths: readonly (readonly string[])[]): FieldFilter {
  const excluded = setOf(...paths);
  return (set) => recursiveDifference(set, excluded);
}

/**
 * Keeps only fields at or below the paths; `*` stands for any element:
 * `includingFields(['spec', 'containers', '*', 'resources'])` for `pods/resize`.
 */
export function includingFields(...paths: readonly (readonly string[])[]): FieldFilter {
  const elements = paths.map((path) => path.map((part) => (part === '*' ? part : `f:${part}`)));
  return (set) => include(set, elements);
}

function include(set: FieldSet, paths: readonly (readonly string[])[]): FieldSet {
  if (paths.some((path) => path.length === 0)) return set;
  const result: Record<string, FieldSet> = {};
  for (const element in set) {
    if (element === SELF) continue;
    const matching = paths.filter((path) => path[0] === '*' || path[0] === element);
    if (matching.length === 0) continue;
    const node = set[element] as FieldSet;
    const below = include(
      childrenOf(node),
      matching.map((path) => path.slice(1)),
    );
    if (isMember(node)) result[element] = isEmpty(below) ? LEAF : { [SELF]: LEAF, ...below };
    else if (!isEmpty(below)) result[element] = below;
  }
  return inOrder(result);
}
