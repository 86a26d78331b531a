import { deepEqual, isObject } from '@sampan/base';
import { childNode, type SchemaNode } from './schema-node.ts';

/** The items of an old list of type map, by their keys. Upstream's MapList. */
export class MapList {
  readonly #items = new Map<string, unknown>();
  readonly #keys: readonly string[];

  constructor(node: SchemaNode, list: unknown) {
    this.#keys = node.listType === 'map' ? node.listKeys : [];
    if (!Array.isArray(list) || this.#keys.length === 0) return;
    for (const item of list) {
      const key = this.#keyOf(item);
      if (key !== undefined && !this.#items.has(key)) this.#items.set(key, item);
    }
  }

  /** The old item with the same keys as `item`. */
  get(item: unknown): unknown {
    const key = this.#keyOf(item);
    return key === undefined ? undefined : this.#items.get(key);
  }

  #keyOf(item: unknown): string | undefined {
    if (this.#keys.length === 0 || !isObject(item)) return undefined;
    return JSON.stringify(
      this.#keys.map((name) => (Object.hasOwn(item, name) ? item[name] : undefined)) as unknown,
    );
  }
}

/**
 * A value and the old value that it came from, followed down the schema: what ratcheting compares. Children
 * exist only where old and new can be matched: fields by name, items of lists of type map by their keys.
 * Source: apiserver pkg/cel/common/equality.go.
 */
export class Correlated {
  readonly value: unknown;
  readonly old: unknown;
  readonly node: SchemaNode;
  #equal: boolean | undefined;
  #mapList: MapList | undefined;

  constructor(value: unknown, old: unknown, node: SchemaNode) {
    this.value = value;
    this.old = old;
    this.node = node;
  }

  get equal(): boolean {
    this.#equal ??= deepEqual(this.value, this.old);
    return this.#equal;
  }

  key(name: string): Correlated | undefined {
    if (!isObject(this.value) || !isObject(this.old)) return undefined;
    if (!Object.hasOwn(this.value, name) || !Object.hasOwn(this.old, name)) return undefined;
    const node = childNode(this.node, name);
    return node && new Correlated(this.value[name], this.old[name], node);
  }

  index(i: number): Correlated | undefined {
    const items = this.node.items;
    if (this.node.listType !== 'map' || !items || !Array.isArray(this.value) || !Array.isArray(this.old)) {
      return undefined;
    }
    this.#mapList ??= new MapList(this.node, this.old);
    const old = this.#mapList.get(this.value[i]);
    return old === undefined || old === null ? undefined : new Correlated(this.value[i], old, items);
  }
}
