import {
  apiVersionOf,
  type Column,
  type CustomResourceDefinition,
  deletingCrd,
  type GroupResource,
  isCustomResource,
  type KubeObject,
  qualified,
  type ResourceDefinition,
  type Verb,
} from '@sampan/api';
import type { ProvidedResource } from '@sampan/machinery';
import type { Entry } from '@sampan/store';

/** So many objects are sent to a conversion webhook together. */
const OBJECTS_A_QUESTION = 500;

/** A stored object was read in a version for which a webhook has not been asked yet. */
export class UnconvertedError extends Error {
  readonly entry: Entry;

  constructor(entry: Entry) {
    super(`${entry.key} is not converted yet`);
    this.entry = entry;
  }
}

const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** `grep -r ReturnDeletedObject pkg/registry` upstream. */
const RETURNS_DELETED: ReadonlySet<string> = new Set([
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'namespaces',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
]);

const CRD_COLLECTION = 'customresourcedefinitions.apiextensions.k8s.io';

/** Kinds that were in the group `extensions` are named by it in `Invalid` errors to this day (pkg/apis/extensions). */
const NAMED_IN_EXTENSIONS: ReadonlySet<string> = new Set([
  'ingresses.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
]);

/** Columns of a kind that says nothing of them (upstream's default table convertor). */
const defaultColumns: readonly Column[] = [
  { name: 'Name', type: 'string', format: 'name', cell: (object) => object.metadata.name ?? '' },
  { name: 'Created At', type: 'date', cell: (object) => object.metadata.creationTimestamp ?? null },
];

/** A definition with what the request path needs computed once. */
export class ServedResource {
  readonly definition: ResourceDefinition;
  readonly gr: GroupResource;
  /** Names the type in `Invalid` errors: by the group that it is stored in. */
  readonly gk: { readonly group: string; readonly kind: string };
  readonly apiVersion: string;
  readonly listKind: string;
  readonly verbs: ReadonlySet<Verb>;
  /** Where objects are in the store: `pods`, `deployments.apps`. */
  readonly collection: string;
  /** The `kind` and `apiVersion` that every stored object of the collection begins with, see `itemOf`. */
  readonly headLength: number;
  readonly columns: readonly Column[];
  /** The warning that every request to a deprecated version gets. */
  readonly deprecation: string | undefined;
  /** From a CustomResourceDefinition. */
  readonly custom: boolean;
  /** Served by a product instead of the store. */
  readonly provided: ProvidedResource | undefined;
  /** Stored in another version than served: bytes cannot be used as they are. */
  readonly converted: boolean;
  readonly #answers = new WeakMap<Entry, KubeObject>();

  constructor(definition: ResourceDefinition, provided?: ProvidedResource) {
    this.provided = provided;
    this.definition = definition;
    this.gr = { group: definition.group, resource: definition.resource };
    const named = NAMED_IN_EXTENSIONS.has(qualified(this.gr)) ? 'extensions' : definition.group;
    this.gk = { group: definition.storage?.group ?? named, kind: definition.kind };
    this.apiVersion = apiVersionOf(definition);
    this.listKind = definition.listKind ?? `${definition.kind}List`;
    this.verbs = new Set(definition.verbs ?? ALL_VERBS);
    this.collection = definition.storage ? qualified(definition.storage) : qualified(this.gr);
    this.custom = definition.custom === true;
    this.deprecation = isCustomResource(definition) ? definition.deprecationWarning : undefined;
    this.converted = definition.storage !== undefined;
    // `{"kind":"K","apiVersion":"V",`: the closing brace's place is taken by a comma
    this.headLength = Buffer.byteLength(
      JSON.stringify({ kind: definition.kind, apiVersion: this.apiVersion }),
    );
    this.columns = definition.rules.columns ?? defaultColumns;
  }

  /** The store's key of an object. */
  key(namespace: string, name: string): string {
    return this.definition.namespaced
      ? `${this.collection}/${namespace}/${name}`
      : `${this.collection}/${name}`;
  }

  /** The prefix of all keys, or of those in one namespace. */
  prefix(namespace: string): string {
    return namespace !== '' && this.definition.namespaced
      ? `${this.collection}/${namespace}/`
      : `${this.collection}/`;
  }

  /** CustomResourceDefinition itself. */
  get isDefinition(): boolean {
    return this.collection === CRD_COLLECTION;
  }

  /** A finished delete answers with the object instead of a Status (upstream's ReturnDeletedObject). */
  get returnsDeleted(): boolean {
    return RETURNS_DELETED.has(this.collection);
  }

  /** Does `metadata.generation` count the changes of what is wanted? */
  get hasGeneration(): boolean {
    return this.definition.rules.generation === true;
  }

  /** How to read a selectable field; undefined: it is not selectable. */
  fieldReader(field: string): ((object: KubeObject) => string) | undefined {
    if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
    const own = this.definition.rules.selectableFields;
    // a kind without fields of its own takes this one even where all are in no namespace
    if (field === 'metadata.namespace' && (this.definition.namespaced || !own))
      return (object) => object.metadata.namespace ?? '';
    return own && Object.hasOwn(own, field) ? own[field] : undefined;
  }

  /** An object that stays although its finalizers are gone: a Namespace with finalizers in its spec. */
  holdsDeletion(object: KubeObject): boolean {
    return this.collection === 'namespaces' && (object.spec?.finalizers?.length ?? 0) > 0;
  }

  /**
   * What the first delete makes of a kind that has its own way to go: a definition of custom resources waits for
   * its objects whatever the options (apiextensions-apiserver pkg/registry/customresourcedefinition/etcd.go).
   */
  beginDelete(object: KubeObject, time: string): KubeObject | undefined {
    if (!this.isDefinition || object.metadata.deletionTimestamp !== undefined) return undefined;
    const marked = { ...object, metadata: { ...object.metadata, deletionTimestamp: time } };
    return deletingCrd(marked as CustomResourceDefinition, time);
  }

  /** What else a mark for deletion changes: a Namespace's phase. */
  markDeleted(object: KubeObject): KubeObject {
    if (this.collection !== 'namespaces') return object;
    return { ...object, status: { ...object.status, phase: 'Terminating' } };
  }

  /** Converting means asking a webhook: `prepare` goes before `objectOf`. */
  get asks(): boolean {
    return this.definition.storage?.asking !== undefined;
  }

  /**
   * A stored object in the served version; the same object when it is stored in that. Throws UnconvertedError when a
   * webhook must be asked and `prepare` was not awaited for this entry.
   */
  objectOf(entry: Entry): KubeObject {
    const { storage } = this.definition;
    const object = entry.object<KubeObject>();
    if (!storage) return object;
    if (!storage.asking) return storage.fromStorage(object);
    const known = this.#answers.get(entry);
    if (!known) throw new UnconvertedError(entry);
    return known;
  }

  /** Makes `objectOf` work for these entries; nothing for resources that ask nobody. Rejects with a StatusError. */
  async prepare(entries: readonly Entry[]): Promise<void> {
    const asking = this.definition.storage?.asking;
    if (!asking) return;
    const missing = entries.filter((entry) => !this.#answers.has(entry));
    for (let i = 0; i < missing.length; i += OBJECTS_A_QUESTION) {
      const batch = missing.slice(i, i + OBJECTS_A_QUESTION);
      const made = await asking.fromStorage(batch.map((entry) => entry.object<KubeObject>()));
      batch.forEach((entry, at) => {
        this.#answers.set(entry, made[at] as KubeObject);
      });
    }
  }

  /** Runs `action` over entries that it finds itself; `entries` are those that it is known to need. */
  async prepared<T>(entries: readonly Entry[], action: () => T): Promise<T> {
    await this.prepare(entries);
    for (;;) {
      try {
        return action();
      } catch (error) {
        // somebody wrote meanwhile
        if (!(error instanceof UnconvertedError)) throw error;
        await this.prepare([error.entry]);
      }
    }
  }

  /** An object of the stored version, which is nobody's entry, in the served one. */
  async fromStorage(object: KubeObject): Promise<KubeObject> {
    const { storage } = this.definition;
    if (!storage) return object;
    if (!storage.asking) return storage.fromStorage(object);
    const [made] = await storage.asking.fromStorage([object]);
    return made as KubeObject;
  }

  /** From the served version to the stored one; a promise only where a webhook is asked. */
  toStorage(object: KubeObject): KubeObject | Promise<KubeObject> {
    const { storage } = this.definition;
    if (!storage) return object;
    return storage.asking ? storage.asking.toStorage(object) : storage.toStorage(object);
  }
}
