import type { KubeObject } from '@sampan/api';
import { type Informer, keyOf } from '@sampan/machinery';

const MOST_ENDED = 256;

/**
 * What a controller wrote that its informer does not show yet, so that it neither does it again nor undoes it
 * (client-go's MutationCache; upstream's EndpointSliceTracker). Entries go when the informer is as new; one that is
 * left behind costs one failed write, after which the caller calls `forget`.
 */
export class OwnWrites<T extends KubeObject> {
  readonly #informer: Informer<T>;
  readonly #written = new Map<string, { readonly object: T; readonly gone: boolean }>();
  /** Uids whose end was seen lately: an answer that comes after it is no news. */
  readonly #ended = new Set<string>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
    informer.onChange(({ type, object }) => {
      const key = keyOf(object);
      const own = this.#written.get(key);
      if (own && !isNewer(own.object, object)) this.#written.delete(key);
      if (type === 'deleted') this.#remember(object);
    });
  }

  /** The server's answer to a create or update. */
  wrote(object: T): void {
    if (this.#ended.has(object.metadata.uid ?? '')) return;
    const shown = this.#informer.get(object.metadata.namespace ?? '', object.metadata.name ?? '');
    if (shown === undefined || isNewer(object, shown))
      this.#written.set(keyOf(object), { object, gone: false });
  }

  /** A deletion was asked for, of the object as it was last seen. */
  deleted(object: T): void {
    const key = keyOf(object);
    if (this.#informer.get(object.metadata.namespace ?? '', object.metadata.name ?? ''))
      this.#written.set(key, { object, gone: true });
    else this.#written.delete(key);
  }

  /** The write failed because the server knows better. */
  forget(object: T): void {
    this.#written.delete(keyOf(object));
  }

  /** The object as it is known here: as shown, or as it was written since. */
  newest(shown: T): T {
    const own = this.#written.get(keyOf(shown));
    return own && !own.gone && own.object.metadata.uid === shown.metadata.uid ? own.object : shown;
  }

  #remember({ metadata }: T): void {
    const [oldest] = this.#ended;
    if (this.#ended.size >= MOST_ENDED && oldest !== undefined) this.#ended.delete(oldest);
    this.#ended.add(metadata.uid ?? '');
  }

  /** `shown` (what the informer has of a part of the objects) with own writes that satisfy `belongs` laid over. */
  over(shown: readonly T[], belongs: (object: T) => boolean): T[] {
    if (this.#written.size === 0) return [...shown];
    const result = new Map(shown.map((object) => [keyOf(object), object]));
    for (const [key, { object, gone }] of this.#written) {
      if (!belongs(object)) continue;
      if (gone) result.delete(key);
      else result.set(key, object);
    }
    return [...result.values()];
  }
}

/** Resource versions of one resource are comparable numbers (KEP-5504). */
function isNewer(a: KubeObject, b: KubeObject): boolean {
  const [left, right] = [a.metadata.resourceVersion ?? '0', b.metadata.resourceVersion ?? '0'];
  return left.length === right.length ? left > right : left.length > right.length;
}
