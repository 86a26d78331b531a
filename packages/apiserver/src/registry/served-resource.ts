import {
  apiVersionOf,
  qualified,
  type GroupResource,
  type KubeObject,
  type ResourceDefinition,
  type Verb,
} from '@sampan/api';

const ALL_VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** A definition with what the request path needs computed once. */
export class ServedResource {
  readonly definition: ResourceDefinition;
  readonly gr: GroupResource;
  /** Names the type in `Invalid` errors. */
  readonly gk: { readonly group: string; readonly kind: string };
  readonly apiVersion: string;
  readonly listKind: string;
  readonly verbs: ReadonlySet<Verb>;
  /** Where objects are in the store: `pods`, `deployments.apps`. */
  readonly collection: string;
  /** The `kind` and `apiVersion` that every stored object of the collection begins with, see `itemOf`. */
  readonly headLength: number;
  /** From a CustomResourceDefinition. */
  readonly custom: boolean;
  /** Stored in another version than served: bytes cannot be used as they are. */
  readonly converted: boolean;

  constructor(definition: ResourceDefinition) {
    this.definition = definition;
    this.gr = { group: definition.group, resource: definition.resource };
    this.gk = { group: definition.group, kind: definition.kind };
    this.apiVersion = apiVersionOf(definition);
    this.listKind = definition.listKind ?? `${definition.kind}List`;
    this.verbs = new Set(definition.verbs ?? ALL_VERBS);
    this.collection = definition.storage ? qualified(definition.storage) : qualified(this.gr);
    this.custom = definition.custom === true;
    this.converted = definition.storage !== undefined;
    this.headLength = JSON.stringify({ kind: definition.kind, apiVersion: this.apiVersion }).length;
  }

  /** The store's key of an object. */
  key(namespace: string, name: string): string {
    return this.definition.namespaced ? `${this.collection}/${namespace}/${name}` : `${this.collection}/${name}`;
  }

  /** The prefix of all keys, or of those in one namespace. */
  prefix(namespace: string): string {
    return namespace !== '' && this.definition.namespaced
      ? `${this.collection}/${namespace}/`
      : `${this.collection}/`;
  }

  /** Does `metadata.generation` count the changes of what is wanted? */
  get hasGeneration(): boolean {
    return this.definition.rules.generation === true;
  }

  /** How to read a selectable field; undefined: it is not selectable. */
  fieldReader(field: string): ((object: KubeObject) => string) | undefined {
    if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
    if (field === 'metadata.namespace' && this.definition.namespaced) return (object) => object.metadata.namespace ?? '';
    const own = this.definition.rules.selectableFields;
    return own && Object.hasOwn(own, field) ? own[field] : undefined;
  }

  /** An object that stays although its finalizers are gone: a Namespace with finalizers in its spec. */
  holdsDeletion(object: KubeObject): boolean {
    return this.collection === 'namespaces' && (object.spec?.finalizers?.length ?? 0) > 0;
  }

  /** What else a mark for deletion changes: a Namespace's phase. */
  markDeleted(object: KubeObject): KubeObject {
    if (this.collection !== 'namespaces') return object;
    return { ...object, status: { ...object.status, phase: 'Terminating' } };
  }

  /** From the stored version to the served one; the same object when they are one. */
  fromStorage(object: KubeObject): KubeObject {
    return this.definition.storage ? this.definition.storage.fromStorage(object) : object;
  }

  toStorage(object: KubeObject): KubeObject {
    return this.definition.storage ? this.definition.storage.toStorage(object) : object;
  }
}
