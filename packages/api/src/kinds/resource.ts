import type { FieldError } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import type { StructType } from '../schema/type-schema.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A column of `kubectl get` (metav1.TableColumnDefinition) and how a cell is made. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** 0 = always shown, above 0 = with `-o wide`. Default 0. */
  readonly priority?: number;
  /** The cell; `now` in milliseconds for ages. */
  cell(object: KubeObject, now: number): string | number | bigint | boolean | null;
}

export interface ValidateContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Takes a warning for the client about what is wrong but may stay. */
  readonly warn?: (text: string) => void;
}

/**
 * What a kind does beyond the generic mechanism, as pure functions; upstream's "strategy". All objects
 * have been decoded by the kind's schema (types are right, unknown fields are gone) unless said otherwise.
 * Functions that mutate get an unfrozen object of their own. Generic metadata (names, labels, annotations,
 * ownerReferences, finalizers, generation, uid, timestamps, managedFields) is handled by the mechanism.
 */
export interface KindRules {
  /** Fills defaults in place, as upstream's SetDefaults_*; idempotent. */
  setDefaults?(object: KubeObject): void;
  /** Clears what a client may not set at creation (status, disabled fields) and sets what the server owns. Before admission. */
  prepareForCreate?(object: KubeObject, context: ValidateContext): void;
  /** Copies what an update may not change from `old` (status on the main resource). `old` is frozen. */
  prepareForUpdate?(object: KubeObject, old: KubeObject, context: ValidateContext): void;
  /** All errors of a new object, metadata excluded. */
  validate?(object: KubeObject, context: ValidateContext): FieldError[];
  /**
   * All errors of an update, metadata excluded; includes what upstream's ValidateXUpdate checks, that is
   * mostly `validate` plus immutability. Absent: `validate` is used.
   */
  validateUpdate?(object: KubeObject, old: KubeObject, context: ValidateContext): FieldError[];
  /** Warnings for the `Warning` header, at create (`old` absent) and update. */
  warnings?(object: KubeObject, old: KubeObject | undefined): string[];
  /** Which names are allowed. Default: DNS-1123 subdomain. Returns messages without a field, as upstream's NameIsDNSSubdomain. */
  validateName?(name: string, prefix: boolean): string[];
  /** Subresource `status`: absent = the kind has none. */
  readonly status?: {
    /** Copies everything but status (and what else may change) from `old`. Default: spec, metadata except annotations/labels/… as upstream. */
    prepareForUpdate?(object: KubeObject, old: KubeObject): void;
    validateUpdate?(object: KubeObject, old: KubeObject, context: ValidateContext): FieldError[];
    /** Warnings of a write of the status. */
    warnings?(object: KubeObject, old: KubeObject): string[];
  };
  /** Does `metadata.generation` grow with changes of `spec`? Default: true when the schema has spec and the kind is one that upstream versions. */
  readonly generation?: boolean;
  /** Does `metadata.generation` also grow with changes of annotations (Deployments hand them on)? Default false. */
  readonly generationOfAnnotations?: boolean;
  /** May a PUT create the object (upstream AllowCreateOnUpdate)? Default false. */
  readonly createOnUpdate?: boolean;
  /** May an update omit resourceVersion (upstream AllowUnconditionalUpdate)? Default true. */
  readonly unconditionalUpdate?: boolean;
  /** Field selectors beyond metadata.name and metadata.namespace: label to value (always a string). */
  readonly selectableFields?: Readonly<Record<string, (object: KubeObject) => string>>;
  /** Table columns. Default: Name and Age ("Created At"). */
  readonly columns?: readonly Column[];
  /** The seconds of grace when a delete names none; absent: deleted at once (all but Pods). */
  defaultGraceSeconds?(object: KubeObject): number;
  /** What a delete without propagationPolicy does to dependents. Default background. */
  readonly defaultPropagation?: 'Orphan' | 'Background';
}

/** A served resource: a row of the kinds table. */
export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Default KIND + `List`. */
  readonly listKind?: string;
  /** The plural, lower-case resource name in paths. */
  readonly resource: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Default: all. Review kinds have only `create` and are never stored. */
  readonly verbs?: readonly Verb[];
  readonly schema: StructType;
  readonly rules: KindRules;
  /** `spec.replicas`-like paths of the scale subresource (autoscaling/v1 Scale). */
  readonly scale?: {
    readonly specReplicas: string;
    readonly statusReplicas: string;
    readonly selector?: string;
  };
  /** Other subresources by name, e.g. `binding`, `eviction`, `token`, `log`, `exec`. */
  readonly subresources?: Readonly<Record<string, SubresourceDefinition>>;
  /** The resource under which objects are stored when another version or group holds them; with converters. */
  readonly storage?: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    /** Pure; must not change their argument (may share parts of it). */
    fromStorage(object: KubeObject): KubeObject;
    toStorage(object: KubeObject): KubeObject;
    /** Present where converting means asking somebody: instead of the functions above. Rejects with a StatusError. */
    readonly asking?: {
      /** In the same order; those that are in the served version already are only tidied. */
      fromStorage(objects: readonly KubeObject[]): Promise<KubeObject[]>;
      toStorage(object: KubeObject): Promise<KubeObject>;
    };
  };
  /** From a CustomResourceDefinition: decoded by its structural schema instead of the generated types. */
  readonly custom?: boolean;
  /** Served only with `--legacy-apis`. */
  readonly legacy?: boolean;
}

export interface SubresourceDefinition {
  readonly kind: string;
  /** The group and version of that kind when it differs from the parent's. */
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly ('create' | 'get' | 'patch' | 'update' | 'delete')[];
}
