import { deepEqual, setOwn } from '@sampan/base';
import { parseIndex, parsePointer } from './json-pointer.ts';

/** Why a patch does not apply; only ever seen by `applyJsonPatch`. */
export class PatchFailure extends Error {}

type Container = Record<string, unknown> | unknown[];

/**
 * Steps one patch may cost: an insert into or a comparison with a list of n items takes n. Ten thousand
 * operations on a huge list would otherwise stall the process for seconds.
 */
const MAX_STEPS = 20_000_000;

/** A document under a JSON patch: containers are copied on their first write, all else is shared. */
export class JsonPatchDocument {
  root: unknown;
  /** Containers made here, which may be written to. */
  readonly #own = new WeakSet<object>();
  #steps = 0;

  constructor(root: object) {
    this.root = root;
  }

  /** The value at the pointer; undefined for a missing map key. */
  get(pointer: string): unknown {
    const tokens = tokensOf(pointer);
    const key = tokens.pop();
    if (key === undefined) return this.root;
    let container: unknown = this.root;
    for (const token of tokens) container = child(asContainer(container), token);
    return child(asContainer(container), key);
  }

  add(pointer: string, value: unknown): void {
    const [container, key] = this.#writable(pointer);
    if (!Array.isArray(container)) setOwn(container, key, value);
    else if (key === '-') container.push(value);
    else {
      const index = indexIn(key, container.length + 1);
      this.#spend(container.length);
      container.splice(index, 0, value);
    }
  }

  remove(pointer: string): void {
    const [container, key] = this.#writable(pointer);
    if (Array.isArray(container)) {
      this.#spend(container.length);
      container.splice(indexIn(key, container.length), 1);
    } else if (Object.hasOwn(container, key)) delete container[key];
    else throw new PatchFailure(`Unable to remove nonexistent key: ${key}`);
  }

  replace(pointer: string, value: unknown): void {
    if (pointer === '') {
      if (typeof value !== 'object' || value === null) {
        throw new PatchFailure('replace operation value must be object or array');
      }
      this.root = value;
      return;
    }
    const [container, key] = this.#writable(pointer);
    if (Array.isArray(container)) container[indexIn(key, container.length)] = value;
    else setOwn(container, key, value);
  }

  test(pointer: string, value: unknown): void {
    const found = this.get(pointer) ?? null;
    if (typeof found === 'object' && found !== null) {
      this.#spend(Array.isArray(found) ? found.length : Object.keys(found).length);
    }
    if (!deepEqual(found, value)) throw new PatchFailure(`testing value ${pointer} failed`);
  }

  /** The container that the pointer's last token lies in, copied if need be together with those above it. */
  #writable(pointer: string): [Container, string] {
    const tokens = tokensOf(pointer);
    const last = tokens.pop();
    if (last === undefined) throw new PatchFailure('the whole document cannot be added or removed');
    let container = this.#owned(asContainer(this.root));
    this.root = container;
    for (const token of tokens) {
      const below = this.#owned(asContainer(child(container, token)));
      if (Array.isArray(container)) container[indexIn(token, container.length)] = below;
      else setOwn(container, token, below);
      container = below;
    }
    return [container, last];
  }

  #owned(container: Container): Container {
    if (this.#own.has(container)) return container;
    const copy = Array.isArray(container) ? container.slice() : { ...container };
    this.#own.add(copy);
    return copy;
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new PatchFailure('the patch is too costly');
  }
}

function tokensOf(pointer: string): string[] {
  const tokens = parsePointer(pointer);
  if (tokens === undefined) throw new PatchFailure(`doc is missing path: ${pointer}`);
  return tokens;
}

function asContainer(value: unknown): Container {
  if (typeof value !== 'object' || value === null) throw new PatchFailure('doc is missing path');
  return value as Container;
}

function child(container: Container, token: string): unknown {
  if (Array.isArray(container)) return container[indexIn(token, container.length)];
  return Object.hasOwn(container, token) ? container[token] : undefined;
}

/** An index below `limit`; negative ones count from the end. */
function indexIn(token: string, limit: number): number {
  const index = parseIndex(token);
  if (index === undefined || index >= limit || index < -limit) {
    throw new PatchFailure(`Unable to access invalid index: ${token}`);
  }
  return index < 0 ? index + limit : index;
}
