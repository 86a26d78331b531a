import type { KubeList, KubeObject } from '@sampan/api';

/** What a client addresses: the path's parts. `group` is '' for core. */
export interface ResourceRef {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface WriteOptions {
  /** `managedFields` manager; default: the client's name. */
  fieldManager?: string;
  dryRun?: boolean;
  subresource?: string;
}

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Page size; the client pages by itself and returns the whole list. Default 500 over HTTP. */
  limit?: number;
  /** Only metadata is looked at: over HTTP nothing else is sent. Objects may be whole all the same. */
  metadataOnly?: boolean;
  /** A hint: objects whose JSON has none of these keys are of no interest and may be left out of a `scan`. */
  mentions?: readonly string[];
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface WatchHandlers<T extends KubeObject = KubeObject> {
  onEvent(event: WatchEvent<T>): void;
  /** The watch is over: `error` is a StatusError (410: relist) or undefined when the server ended it. Called once. */
  onEnd(error?: Error): void;
}

export interface WatchRequest extends Omit<ListOptions, 'limit'> {
  resourceVersion?: string;
  bookmarks?: boolean;
  /**
   * WatchList (KEP-3157): first an ADDED for each object there is, then a BOOKMARK with the annotation
   * `k8s.io/initial-events-end`. A server that does not know it ends the watch with `Invalid` or `BadRequest`.
   */
  sendInitialEvents?: boolean;
}

/**
 * A Kubernetes client. Two drivers: in process (calls the API server's registry without copies or JSON; objects it
 * returns are frozen) and HTTP (any kubeconfig). Failures are `StatusError`s with the server's Status; a transport
 * failure is a `SampanError` with code `client-connection`. Safe to call concurrently.
 */
export interface Client {
  /** A watch with `sendInitialEvents` is cheaper than a list here; becomes false when the server refused one. */
  readonly prefersWatchList: boolean;
  get<T extends KubeObject>(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    subresource?: string,
  ): Promise<T>;
  list<T extends KubeObject>(ref: ResourceRef, options?: ListOptions): Promise<KubeList<T>>;
  /**
   * Gives each object of a list to `onObject` without ever holding all of them, and lets others run in between.
   * Resolves with the resourceVersion of the snapshot; a watch may start there.
   */
  scan<T extends KubeObject>(
    ref: ResourceRef,
    options: ListOptions,
    onObject: (object: T) => void,
  ): Promise<string>;
  /** The object is not changed; with `subresource`, `name` is that of the object. */
  create<T extends KubeObject>(
    ref: ResourceRef,
    object: T,
    options?: WriteOptions & { name?: string },
  ): Promise<T>;
  update<T extends KubeObject>(ref: ResourceRef, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions & { force?: boolean },
  ): Promise<T>;
  delete(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<void>;
  deleteCollection(ref: ResourceRef, options?: ListOptions & DeleteOptions): Promise<void>;
  /** Starts a watch; the returned function ends it (then `onEnd` is not called). */
  watch<T extends KubeObject>(
    ref: ResourceRef,
    request: WatchRequest,
    handlers: WatchHandlers<T>,
  ): () => void;
  /** The resources the server serves (discovery), for controllers that act on all kinds; cached by the caller. */
  resources(): Promise<readonly (ResourceRef & { readonly verbs: readonly string[] })[]>;
}
