import type { KubeObject, ResourceDefinition } from '@sampan/api';

/** Who asks for a provided resource. */
export interface ProvidedCaller {
  readonly name: string;
  readonly groups: readonly string[];
}

/**
 * A kind that a product answers itself instead of the object store. The API server authenticates, authorizes (RBAC),
 * selects by labels and fields and makes Tables; the product only gives objects, which must not be changed
 * afterwards. Lists are given whole, whatever `limit` says. `definition.verbs` is not looked at: the verbs are `get`,
 * `list` and, when there is a `watch`, `watch`. On a real Kubernetes the same is served by API aggregation.
 */
export interface ProvidedResource {
  readonly definition: ResourceDefinition;
  /**
   * All objects, or those of one namespace ('' = all), and the version of that state. `equal`: what selectable fields
   * must be, by their paths (`spec.project`); others may be left out, and need not be.
   */
  list(
    namespace: string,
    caller: ProvidedCaller,
    equal: Readonly<Record<string, string>>,
  ): ProvidedList | Promise<ProvidedList>;
  /** One object; undefined when there is none (404). */
  get(
    namespace: string,
    name: string,
    caller: ProvidedCaller,
  ): KubeObject | undefined | Promise<KubeObject | undefined>;
  /**
   * Changes after `resourceVersion` (of a list), in order; the returned function ends it. Throws a StatusError
   * `Expired` when it does not know that version any more. Absent: the resource cannot be watched.
   */
  watch?(namespace: string, resourceVersion: string, onEvent: (event: ProvidedEvent) => void): () => void;
}

export interface ProvidedList {
  readonly items: readonly KubeObject[];
  /** Opaque to clients; grows with changes when the resource can be watched. */
  readonly resourceVersion: string;
}

export interface ProvidedEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}
