import { errors, type KubeObject } from '@sampan/api';
import type { ProvidedCaller, ProvidedEvent, ProvidedResource } from '@sampan/machinery';
import type { Entry } from '@sampan/store';
import { ordered, renderObject } from '../registry/encoding.ts';
import type { ListResult } from '../registry/list.ts';
import type { Selection } from '../registry/selection.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { INITIAL_EVENTS_END, StreamEvent } from '../registry/watch.ts';

/** Reads of a provided resource, selected as those of stored ones are. */
export class ProvidedState {
  readonly #served: ServedResource;
  readonly #provided: ProvidedResource;
  readonly #caller: ProvidedCaller;

  constructor(served: ServedResource, provided: ProvidedResource, caller: ProvidedCaller) {
    this.#served = served;
    this.#provided = provided;
    this.#caller = caller;
  }

  /** Throws `NotFound`. */
  async get(namespace: string, name: string): Promise<KubeObject> {
    const object = await this.#provided.get(namespace, name, this.#caller);
    if (!object) throw errors.notFound(this.#served.gr, name);
    return this.#named(object);
  }

  /** The whole list: the product makes it anew each time, so pages would not be of one state. */
  async list(namespace: string, selection: Selection): Promise<ListResult> {
    const { items, resourceVersion } = await this.#provided.list(namespace, this.#caller, selection.equal);
    const objects = items
      .map((object) => this.#named(object))
      .filter((object) => selection.everything || selection.matches(object));
    return { entries: objects.map(entryOf), resourceVersion };
  }

  /**
   * Starts a watch after `resourceVersion`. An object that comes to match the selection is added, one that no longer
   * matches is deleted; `matching` holds the names that match at the start (absent: any may have matched).
   */
  watch(
    namespace: string,
    selection: Selection,
    resourceVersion: string,
    matching: Set<string> | undefined,
    listener: (events: readonly StreamEvent[]) => void,
  ): () => void {
    if (!this.#provided.watch) throw errors.methodNotSupported(this.#served.gr, 'watch');
    return this.#provided.watch(namespace, resourceVersion, (event) => {
      const seen = selection.everything ? event : selected(event, selection, matching);
      if (seen) listener([new StreamEvent(seen.type, renderObject(this.#named(seen.object)))]);
    });
  }

  /** The mark at the end of WatchList's initial events (KEP-3157). */
  endOfInitial(resourceVersion: string): StreamEvent {
    const annotations = { [INITIAL_EVENTS_END]: 'true' };
    const { kind } = this.#served.definition;
    const { apiVersion } = this.#served;
    return new StreamEvent(
      'BOOKMARK',
      renderObject({ kind, apiVersion, metadata: { resourceVersion, annotations } }),
    );
  }

  #named(object: KubeObject): KubeObject {
    const { kind } = this.#served.definition;
    const { apiVersion } = this.#served;
    return object.kind === kind && object.apiVersion === apiVersion
      ? object
      : { ...object, kind, apiVersion };
  }
}

export const placeOf = ({ metadata }: KubeObject): string =>
  `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

function selected(
  event: ProvidedEvent,
  selection: Selection,
  matching: Set<string> | undefined,
): ProvidedEvent | undefined {
  const place = placeOf(event.object);
  if (!matching) return selection.matches(event.object) ? event : { type: 'DELETED', object: event.object };
  const was = matching.has(place);
  const is = event.type !== 'DELETED' && selection.matches(event.object);
  if (is) matching.add(place);
  else matching.delete(place);
  if (!is && !was) return undefined;
  return { type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object: event.object };
}

/** Dressed as a stored one, so that lists are made the same way. */
function entryOf(object: KubeObject): Entry {
  const value = ordered(object);
  let bytes: Uint8Array | undefined;
  return {
    key: placeOf(object),
    revision: 0,
    created: 0,
    get bytes() {
      bytes ??= Buffer.from(JSON.stringify(value));
      return bytes;
    },
    object: <T>() => value as T,
  };
}
