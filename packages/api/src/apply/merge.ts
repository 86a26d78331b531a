import { setOwn } from '@sampan/base';
import type { ListType, MapType, StructType, TypeSchema } from '../schema/type-schema.ts';
import {
  asList,
  asMap,
  entryType,
  isAssociative,
  isEmptyMap,
  itemElement,
  mapTypeOf,
} from './typed-value.ts';

/**
 * Merges an applied configuration into a value (structured-merge-diff's Merge): the configuration's leaves win,
 * nothing is removed. Gives back `left` itself when that changes nothing; shares all it can.
 */
export function merge(left: unknown, right: unknown, type: TypeSchema): unknown {
  if (right === undefined || left === right) return left;
  if (left === undefined) return right;
  const mapType = mapTypeOf(type, right) ?? mapTypeOf(type, left);
  if (mapType !== undefined && !mapType.atomic) return mergeMaps(mapType, left, right);
  return type.type === 'list' && isAssociative(type) ? mergeLists(type, left, right) : right;
}

function mergeMaps(type: MapType | StructType, left: unknown, right: unknown): unknown {
  const from = asMap(left);
  const to = asMap(right);
  if (isEmptyMap(to)) return isEmptyMap(from) || (to === undefined && right !== null) ? right : left;
  if (from === undefined || to === undefined || isEmptyMap(from)) return right;
  let result = from;
  for (const key of Object.keys(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    const merged = merge(before, to[key], entryType(type, key));
    if (merged === before || merged === undefined) continue;
    if (result === from) result = { ...from };
    setOwn(result, key, merged);
  }
  return result;
}

function mergeLists(type: ListType, left: unknown, right: unknown): unknown {
  const from = asList(left) ?? [];
  const to = asList(right) ?? [];
  if (to.length === 0) return from.length === 0 ? right : left;
  if (from.length === 0) return right;
  const result = new ListMerge(type, from, to).run();
  return result.length === from.length && result.every((item, i) => item === from[i]) ? left : result;
}

/**
 * The order of a merged list: items of the configuration keep their order, the others stay behind the item
 * they followed; items both have are the fixed points between them.
 */
class ListMerge {
  readonly #type: ListType;
  readonly #from: readonly unknown[];
  readonly #left: readonly string[];
  readonly #right: readonly string[];
  readonly #before = new Map<string, unknown>();
  readonly #after = new Map<string, unknown>();
  readonly #shared: string[];
  readonly #merged = new Set<string>();
  readonly #result: unknown[] = [];
  #nextShared = 0;

  constructor(type: ListType, from: readonly unknown[], to: readonly unknown[]) {
    this.#type = type;
    this.#from = from;
    this.#left = from.map((item) => itemElement(type, item));
    this.#right = to.map((item) => itemElement(type, item));
    this.#left.forEach((element, i) => {
      // duplicates are replaced as a whole, not merged with
      this.#before.set(element, this.#before.has(element) ? undefined : from[i]);
    });
    this.#right.forEach((element, i) => {
      this.#after.set(element, to[i]);
    });
    this.#shared = this.#right.filter((element) => this.#before.has(element));
  }

  run(): unknown[] {
    let l = 0;
    let r = 0;
    while (l < this.#left.length || r < this.#right.length) {
      const left = this.#left[l];
      const right = this.#right[r];
      if (left !== undefined && right !== undefined) {
        if (left === right) {
          this.#take(right);
          this.#nextShared++;
          l++;
          r++;
          continue;
        }
        const wanted = this.#shared[this.#nextShared];
        if (this.#after.has(left) && wanted !== undefined && wanted !== left) {
          l++;
          continue;
        }
      }
      if (left !== undefined) {
        if (!this.#after.has(left)) {
          this.#result.push(this.#from[l]);
          l++;
          continue;
        }
        if (this.#merged.has(left)) l++;
      }
      if (right !== undefined) {
        this.#take(right);
        if (this.#shared[this.#nextShared] === right) this.#nextShared++;
        r++;
      }
    }
    return this.#result;
  }

  #take(element: string): void {
    this.#merged.add(element);
    this.#result.push(merge(this.#before.get(element), this.#after.get(element), this.#type.items));
  }
}
