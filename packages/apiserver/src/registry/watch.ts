import { type KubeObject, StatusError } from '@sampan/api';
import { type Change, CompactedError, type Entry, type Listing } from '@sampan/store';
import type { Cluster } from './cluster.ts';
import { ordered, type Rendered, render, renderObject } from './encoding.ts';
import { checkNotFuture, parseRevision } from './list.ts';
import type { Selection } from './selection.ts';
import type { ServedResource } from './served-resource.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** One event; shared by all watchers that see it, so its encodings are made once. */
export class StreamEvent {
  readonly type: EventType;
  readonly rendered: Rendered;
  #encodings: Map<string, Uint8Array> | undefined;

  constructor(type: EventType, rendered: Rendered) {
    this.type = type;
    this.rendered = rendered;
  }

  /** The event in one encoding of the client's choice, made by `encode` at most once. */
  encoded(format: string, encode: (event: StreamEvent) => Uint8Array): Uint8Array {
    this.#encodings ??= new Map();
    return this.#encodings.getOrInsertComputed(format, () => encode(this));
  }
}

export interface WatchRequest {
  readonly namespace: string;
  readonly selection: Selection;
  /** '' or '0': from the present state; else changes after it. */
  readonly resourceVersion: string;
  /** WatchList (KEP-3157): undefined = by resourceVersion as ever. */
  readonly sendInitialEvents: boolean | undefined;
  readonly bookmarks: boolean;
}

export const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/**
 * Starts a watch. `listener` is called with events in order, first (before this returns, unless a webhook must be
 * asked) with those of the present state. Throws `Expired` when the version is compacted.
 */
export function watch(
  cluster: Cluster,
  resource: ServedResource,
  request: WatchRequest,
  listener: (events: readonly StreamEvent[]) => void,
): () => void {
  if (resource.asks) return watchConverted(cluster, resource, request, listener);
  const start = startOf(cluster, request);
  const prefix = resource.prefix(request.namespace);
  const initial = start.initial ? initialEvents(cluster, resource, request, prefix) : undefined;
  const pending: StreamEvent[] = [];
  let live = false;
  const stop = startAfter(cluster, prefix, initial?.revision ?? start.revision, (changes) => {
    const events = select(resource, request.selection, changes);
    if (events.length === 0) return;
    if (live) listener(events);
    else pending.push(...events);
  });
  live = true;
  if (initial && initial.events.length > 0) listener(initial.events);
  if (pending.length > 0) listener(pending);
  return stop;
}

/**
 * The same for resources that ask webhooks: each batch of changes waits for the one before. A webhook that fails ends
 * the watch with an ERROR.
 */
function watchConverted(
  cluster: Cluster,
  resource: ServedResource,
  request: WatchRequest,
  listener: (events: readonly StreamEvent[]) => void,
): () => void {
  const start = startOf(cluster, request);
  const prefix = resource.prefix(request.namespace);
  let live = true;
  const listing = start.initial ? cluster.store.list({ prefix }) : undefined;
  const give = (events: readonly StreamEvent[]) => {
    if (live && events.length > 0) listener(events);
  };
  const fail = (error: unknown) => {
    stop();
    if (error instanceof StatusError) give([new StreamEvent('ERROR', rendered(error))]);
    live = false;
  };
  let tail = Promise.resolve();
  const next = (entries: readonly Entry[], events: () => readonly StreamEvent[]) => {
    tail = tail
      .then(() => (live ? resource.prepare(entries).then(() => give(events())) : undefined))
      .catch(fail);
  };
  if (listing) next(listing.entries, () => initialOf(resource, request, listing));
  const stop = startAfter(cluster, prefix, listing?.revision ?? start.revision, (changes) => {
    const entries = changes.flatMap(({ entry, previous }) => [entry, previous]);
    next(
      entries.filter((entry) => entry !== undefined),
      () => selectEach(resource, request.selection, changes),
    );
  });
  return () => {
    live = false;
    stop();
  };
}

const rendered = ({ status }: StatusError): Rendered => renderObject(status as unknown as KubeObject);

function startAfter(
  cluster: Cluster,
  prefix: string,
  after: number,
  onChanges: (changes: readonly Change[]) => void,
): () => void {
  try {
    return cluster.store.watch({ prefix, after, onChanges });
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    throw new StatusError('Expired', `too old resource version: ${after} (${error.compacted})`);
  }
}

function startOf(cluster: Cluster, request: WatchRequest): { initial: boolean; revision: number } {
  const { resourceVersion, sendInitialEvents } = request;
  const unset = resourceVersion === '' || resourceVersion === '0';
  const revision = unset ? 0 : parseRevision(resourceVersion);
  if (!unset) checkNotFuture(cluster, revision);
  const initial = sendInitialEvents ?? unset;
  return { initial, revision: initial || unset ? cluster.store.revision : revision };
}

function initialEvents(
  cluster: Cluster,
  resource: ServedResource,
  request: WatchRequest,
  prefix: string,
): { revision: number; events: StreamEvent[] } {
  const listing = cluster.store.list({ prefix });
  return { revision: listing.revision, events: initialOf(resource, request, listing) };
}

function initialOf(resource: ServedResource, request: WatchRequest, listing: Listing): StreamEvent[] {
  const events: StreamEvent[] = [];
  for (const entry of listing.entries) {
    const rendered = render(resource, entry);
    if (request.selection.everything || request.selection.matches(rendered.object)) {
      events.push(new StreamEvent('ADDED', rendered));
    }
  }
  if (request.sendInitialEvents && request.bookmarks) {
    events.push(bookmark(resource, listing.revision, { [INITIAL_EVENTS_END]: 'true' }));
  }
  return events;
}

/** A BOOKMARK: an object of the kind with nothing but a resourceVersion (KEP-956). */
export function bookmark(
  resource: ServedResource,
  revision: number,
  annotations?: Record<string, string>,
): StreamEvent {
  return new StreamEvent(
    'BOOKMARK',
    renderObject({
      kind: resource.definition.kind,
      apiVersion: resource.apiVersion,
      metadata: { resourceVersion: String(revision), ...(annotations ? { annotations } : {}) },
    }),
  );
}

const unselected = new WeakMap<readonly Change[], Map<string, readonly StreamEvent[]>>();

/** Watchers without a selector share not only events but the list of them, so that its bytes are joined once. */
function select(
  resource: ServedResource,
  selection: Selection,
  changes: readonly Change[],
): readonly StreamEvent[] {
  if (!selection.everything) return selectEach(resource, selection, changes);
  const lists = unselected.getOrInsertComputed(changes, () => new Map());
  return lists.getOrInsertComputed(resource.apiVersion, () => selectEach(resource, selection, changes));
}

function selectEach(
  resource: ServedResource,
  selection: Selection,
  changes: readonly Change[],
): StreamEvent[] {
  const events: StreamEvent[] = [];
  for (const change of changes) {
    const event = selection.everything
      ? eventOf(resource, change, typeOf(change))
      : selected(resource, selection, change);
    if (event) events.push(event);
  }
  return events;
}

function typeOf(change: Change): EventType {
  if (change.type === 'delete') return 'DELETED';
  return change.previous ? 'MODIFIED' : 'ADDED';
}

/** An object that comes to match is added, one that no longer matches is deleted. */
function selected(resource: ServedResource, selection: Selection, change: Change): StreamEvent | undefined {
  // most objects of a collection have another name: they need not be parsed
  if (selection.name !== undefined && !change.key.endsWith(`/${selection.name}`)) return undefined;
  const is = change.entry !== undefined && selection.matches(render(resource, change.entry).object);
  const was = change.previous !== undefined && selection.matches(render(resource, change.previous).object);
  if (!is && !was) return undefined;
  return eventOf(resource, change, is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED');
}

const shared = new WeakMap<Change, Map<string, StreamEvent>>();

/** The event of a change; one instance for all watchers of a resource that see it the same way. */
function eventOf(resource: ServedResource, change: Change, type: EventType): StreamEvent {
  const events = shared.getOrInsertComputed(change, () => new Map());
  const key = resource.converted ? `${type} ${resource.apiVersion}` : type;
  return events.getOrInsertComputed(key, () => new StreamEvent(type, renderedFor(resource, change, type)));
}

function renderedFor(resource: ServedResource, change: Change, type: EventType): Rendered {
  if (type !== 'DELETED') {
    if (!change.entry) throw new Error(`${change.key}: a ${type} event needs an entry`);
    return render(resource, change.entry);
  }
  // the last state, with the revision at which it went
  const last = change.previous;
  if (!last) throw new Error(`${change.key}: a deletion needs a previous entry`);
  const object = resource.objectOf(last);
  return renderObject(
    ordered({ ...object, metadata: { ...object.metadata, resourceVersion: String(change.revision) } }),
  );
}
