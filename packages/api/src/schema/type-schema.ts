/**
 * The one description of a type that every mechanism reads: decoding, field validation, defaults of list
 * keys, strategic merge, server-side apply, OpenAPI. Built-in kinds get theirs from the generated table of
 * upstream's Go types; custom resources from their structural OpenAPI schema.
 */
export type Scalar = 'string' | 'boolean' | 'integer' | 'number';

/** What a scalar (or the two "either" types) holds beyond its JSON type. */
export type Format =
  | 'int32'
  | 'int64'
  | 'double'
  | 'byte' // base64 string of []byte
  | 'date-time' // metav1.Time, second precision; null is its zero value
  | 'micro-time' // metav1.MicroTime
  | 'duration' // metav1.Duration, "1h2m"
  | 'quantity' // resource.Quantity: string or number in, canonical string out
  | 'int-or-string';

export interface Field {
  readonly name: string;
  readonly type: TypeSchema;
  /** Go `omitempty`: the zero value is not written. Without it an absent field is written as its zero value. */
  readonly omitEmpty?: boolean;
  /** A Go pointer: absent and zero are told apart. */
  readonly pointer?: boolean;
  /** Required by OpenAPI. */
  readonly required?: boolean;
  /** Default by `+default=` marker, as JSON. */
  readonly default?: unknown;
  /** Strategic merge patch: how a list or map is merged, and the key of a list of objects. */
  readonly patchStrategy?: readonly ('merge' | 'replace' | 'retainKeys')[];
  readonly patchMergeKey?: string;
  /** Protobuf field number and wire encoding from the Go tag, e.g. `1,bytes`, for the protobuf bodies to come. */
  readonly protobuf?: string;
}

export type TypeSchema =
  | ScalarType
  | StructType
  | MapType
  | ListType
  /** Any JSON: runtime.RawExtension, apiextensions JSON, x-kubernetes-preserve-unknown-fields without more. */
  | AnyType;

export interface ScalarType {
  readonly type: Scalar;
  readonly format?: Format;
  readonly enum?: readonly unknown[];
}

export interface StructType {
  readonly type: 'struct';
  /** The Go type (`io.k8s.api.core.v1.PodSpec` form) for messages and OpenAPI; absent in custom resources. */
  readonly name?: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Unknown fields are kept (x-kubernetes-preserve-unknown-fields) with this type. */
  readonly unknown?: TypeSchema;
  /** Server-side apply: the struct is owned as a whole. */
  readonly atomic?: boolean;
}

export interface MapType {
  readonly type: 'map';
  readonly values: TypeSchema;
  readonly atomic?: boolean;
}

export interface ListType {
  readonly type: 'list';
  readonly items: TypeSchema;
  /** x-kubernetes-list-type; default atomic. */
  readonly listType?: 'atomic' | 'set' | 'map';
  /** x-kubernetes-list-map-keys; in order. */
  readonly listKeys?: readonly string[];
}

export interface AnyType {
  readonly type: 'any';
  /** x-kubernetes-embedded-resource */
  readonly embedded?: boolean;
  /** One of these, told apart by the JSON type of the value (apiextensions JSONSchemaPropsOrBool and the like). */
  readonly either?: readonly TypeSchema[];
  /** Values are never changed in place (metav1.FieldsV1): decoding shares them. */
  readonly shared?: boolean;
}
