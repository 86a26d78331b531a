/** The Go packages whose types Sampan serves. `short` begins the names in the table: `core.v1.Pod`. */
export interface SourcePackage {
  readonly short: string;
  readonly path: string;
}

const api = (group: string, ...versions: string[]): SourcePackage[] =>
  versions.map((version) => ({ short: `${group}.${version}`, path: `k8s.io/api/${group}/${version}` }));

export const PACKAGES: readonly SourcePackage[] = [
  { short: 'meta.v1', path: 'k8s.io/apimachinery/pkg/apis/meta/v1' },
  ...api('core', 'v1'),
  ...api('admissionregistration', 'v1', 'v1beta1'),
  ...api('apps', 'v1'),
  ...api('authentication', 'v1'),
  ...api('authorization', 'v1'),
  ...api('autoscaling', 'v1', 'v2'),
  ...api('batch', 'v1', 'v1beta1'),
  ...api('certificates', 'v1'),
  ...api('coordination', 'v1'),
  ...api('discovery', 'v1', 'v1beta1'),
  ...api('events', 'v1', 'v1beta1'),
  ...api('networking', 'v1'),
  ...api('node', 'v1'),
  ...api('policy', 'v1', 'v1beta1'),
  ...api('rbac', 'v1'),
  ...api('scheduling', 'v1'),
  ...api('storage', 'v1'),
  {
    short: 'apiextensions.v1',
    path: 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1',
  },
  { short: 'apiregistration.v1', path: 'k8s.io/kube-aggregator/pkg/apis/apiregistration/v1' },
];

/** Types with a JSON form of their own (MarshalJSON), by import path and name; and what that form is. */
export const SPECIAL_TYPES: Readonly<Record<string, string>> = {
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': 'time',
  'k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime': 'microtime',
  'k8s.io/apimachinery/pkg/apis/meta/v1.Duration': 'duration',
  'k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1': 'fields',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'intstr',
  'k8s.io/apimachinery/pkg/runtime.RawExtension': 'raw',
  'k8s.io/apimachinery/pkg/runtime.Object': 'raw',
  'k8s.io/apimachinery/pkg/types.UID': 'types.UID',
  'k8s.io/apimachinery/pkg/types.NodeName': 'types.NodeName',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON': 'json',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray':
    '(apiextensions.v1.JSONSchemaProps|[]apiextensions.v1.JSONSchemaProps)',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool':
    '(apiextensions.v1.JSONSchemaProps|bool)',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray':
    '(apiextensions.v1.JSONSchemaProps|[]string)',
};

/** Structs of meta/v1 that are never on the wire. */
export const NOT_ON_THE_WIRE =
  /^meta\.v1\.(InternalEvent|Timestamp|TableOptions|GroupVersion|GroupVersionResource|GroupVersionKind|GroupKind|GroupResource|WithVersionEncoder|WithoutVersionDecoder)$/;
