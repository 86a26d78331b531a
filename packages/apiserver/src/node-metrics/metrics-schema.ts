import type { KubeObject, OpenApiDefinition, ResourceDefinition } from '@sampan/api';
import { Quantity } from '@sampan/base';

/** A measure of one thing, as the API has it. */
export interface Metrics extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
  readonly usage?: Usage;
  readonly containers?: readonly { readonly name: string; readonly usage: Usage }[];
}

export type Usage = Readonly<Record<string, string>>;

type Schema = Readonly<Record<string, unknown>>;

const QUANTITIES: Schema = {
  type: 'object',
  additionalProperties: {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
  },
};

const CONTAINERS: Schema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'usage'],
    properties: { name: { type: 'string' }, usage: QUANTITIES },
  },
};

/** metrics.k8s.io/v1beta1 (k8s.io/metrics types.go); columns as metrics-server prints them. */
export const NODE_METRICS = definition('NodeMetrics', 'nodes', false, { usage: QUANTITIES });
export const POD_METRICS = definition('PodMetrics', 'pods', true, { containers: CONTAINERS });

/** Described as a custom resource: the kinds are in no table of Kubernetes' own. */
function definition(
  kind: string,
  resource: string,
  namespaced: boolean,
  own: Schema,
): ResourceDefinition & OpenApiDefinition {
  return {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    kind,
    resource,
    singular: '',
    namespaced,
    custom: true,
    schema: { type: 'struct', fields: new Map(), unknown: { type: 'any' } },
    openApiSchema: {
      type: 'object',
      required: ['timestamp', 'window', ...Object.keys(own)],
      properties: {
        timestamp: { type: 'string', format: 'date-time' },
        window: { type: 'string' },
        ...own,
      },
    },
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
