import { type Field, type KubeObject, type ResourceDefinition, type StructType, schemaOf } from '@sampan/api';
import { Quantity } from '@sampan/base';

/** A measure of one thing, as the API has it. */
export interface Metrics extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
  readonly usage?: Usage;
  readonly containers?: readonly { readonly name: string; readonly usage: Usage }[];
}

export type Usage = Readonly<Record<string, string>>;

const STRING = { type: 'string' } as const;
const MODEL = 'io.k8s.metrics.pkg.apis.metrics.v1beta1';

const struct = (name: string, ...fields: readonly Field[]): StructType => ({
  type: 'struct',
  name: `${MODEL}.${name}`,
  fields: new Map(fields.map((field) => [field.name, field])),
});

const usage: Field = {
  name: 'usage',
  required: true,
  type: { type: 'map', values: { type: 'string', format: 'quantity' } },
};

const containers: Field = {
  name: 'containers',
  required: true,
  type: {
    type: 'list',
    items: struct('ContainerMetrics', { name: 'name', required: true, type: STRING }, usage),
  },
};

const common: readonly Field[] = [
  { name: 'apiVersion', omitEmpty: true, type: STRING },
  { name: 'kind', omitEmpty: true, type: STRING },
  { name: 'metadata', type: schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta') },
  { name: 'timestamp', required: true, type: { type: 'string', format: 'date-time' } },
  { name: 'window', required: true, type: { type: 'string', format: 'duration' } },
];

/** metrics.k8s.io/v1beta1 (k8s.io/metrics types.go); columns as metrics-server prints them. */
export const NODE_METRICS = definition('NodeMetrics', 'nodes', false, usage);
export const POD_METRICS = definition('PodMetrics', 'pods', true, containers);

function definition(kind: string, resource: string, namespaced: boolean, own: Field): ResourceDefinition {
  return {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    kind,
    resource,
    singular: '',
    namespaced,
    schema: struct(kind, ...common, own),
    rules: {
      columns: [
        { name: 'Name', type: 'string', format: 'name', cell: ({ metadata }) => metadata.name ?? '' },
        { name: 'cpu', type: 'string', cell: (object) => total(object as Metrics, 'cpu') },
        { name: 'memory', type: 'string', cell: (object) => total(object as Metrics, 'memory') },
        { name: 'Window', type: 'string', format: 'duration', cell: (object) => (object as Metrics).window },
      ],
    },
  };
}

/** Of all containers. */
function total({ usage: own, containers: list = [] }: Metrics, name: string): string {
  const amounts = (own ? [own] : list.map((each) => each.usage)).flatMap((each) => each[name] ?? []);
  const [first, ...rest] = amounts.map((text) => Quantity.parse(text));
  return rest.reduce((sum, amount) => sum?.add(amount), first)?.toString() ?? '';
}
