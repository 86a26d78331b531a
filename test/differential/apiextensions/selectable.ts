/** Selectable fields (KEP-4358): values that are missing, versions that differ, definitions that change. */
import { get, patch, post, remove } from '../build.ts';
import type { Scenario, Step } from '../step.ts';
import {
  CRDS,
  collectionOf,
  type Definition,
  define,
  definition,
  instance,
  namespace,
  object,
} from './define.ts';

const text = { type: 'string' };
const schema = {
  openAPIV3Schema: object({
    spec: object({
      color: text,
      size: object({ n: { type: 'integer' } }),
      on: { type: 'boolean' },
      given: { type: 'string', default: 'dark' },
      later: text,
    }),
    status: object({ phase: text }),
  }),
};
/** A schema that all versions share is looked for in the wrong place by upstream's check of fields. */
const own = (description: string) => ({
  openAPIV3Schema: { ...schema.openAPIV3Schema, description },
});
const fields = (...paths: string[]) => paths.map((jsonPath) => ({ jsonPath }));
const KIND: Definition = {
  group: 'select',
  plural: 'lamps',
  kind: 'Lamp',
  more: {
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema,
        subresources: { status: {} },
        selectableFields: fields('.spec.color', '.spec.size.n', '.spec.on', '.spec.given', '.status.phase'),
      },
      {
        name: 'v2',
        served: true,
        storage: false,
        schema: own('two'),
        selectableFields: fields('.spec.color'),
      },
      { name: 'v3', served: true, storage: false, schema: own('three') },
    ],
  },
};
const L = collectionOf(KIND);
const select = (selector: string, version = 'v1') =>
  `${collectionOf(KIND, KIND.group, version)}?fieldSelector=${encodeURIComponent(selector)}`;
const list = (selector: string): Step => get(`list ${selector}`, select(selector));
const lamp = (name: string, spec: object): Step =>
  post(`create ${name}`, L, instance(KIND, name, { spec }), { until: 201 });
const changed = {
  ...definition(KIND).spec,
  versions: (KIND.more as { versions: { name: string; selectableFields?: object[] }[] }).versions.map(
    (version) =>
      version.name === 'v1'
        ? { ...version, selectableFields: fields('.spec.later', '.status.phase') }
        : version,
  ),
};

const shared = definition({
  ...KIND,
  more: {
    versions: (KIND.more as { versions: object[] }).versions.map((version) => ({ ...version, schema })),
  },
});

export const SELECTABLE: Scenario = {
  name: 'selectable',
  steps: [
    post('versions that share a schema', `${CRDS}?dryRun=All`, shared),
    namespace('trial-select'),
    ...define(KIND),
    { ...lamp('warm', {}), prepare: true },
    remove('delete warm', `${L}/warm`, undefined, { prepare: true }),
    get('empty', L, { capture: { start: 'metadata.resourceVersion' } }),
    lamp('all', { color: 'red', size: { n: 1 }, on: true, later: 'x' }),
    lamp('none', {}),
    lamp('false', { color: '', size: { n: 0 }, on: false }),
    lamp('null', { color: null, size: {} }),
    patch('phase', 'merge', `${L}/all/status`, { status: { phase: 'lit' } }),
    ...[
      'spec.color=',
      'spec.color!=',
      'spec.color=red',
      'spec.color!=red',
      'spec.size.n=0',
      'spec.size.n=',
      'spec.size.n=01',
      'spec.on=false',
      'spec.on=False',
      'spec.on!=true',
      'spec.given=dark',
      'status.phase=lit',
      'status.phase!=lit',
      'spec.color=red,status.phase=lit',
      'spec.color=red,spec.color!=red',
      'spec.color==red',
      'metadata.name=all,spec.on=true',
      '.spec.color=red',
      'spec.later=x',
      'spec=x',
      'spec.color',
      'spec.color in (red)',
      'spec.color=a\\,b',
      'metadata.labels=x',
    ].map(list),
    get('field of another version', select('spec.color=red', 'v2')),
    get('field that the version does not have', select('spec.on=true', 'v2')),
    get('version without fields', select('spec.color=red', 'v3')),
    get('name in a version without fields', select('metadata.name=all', 'v3')),
    get('as a Table', select('spec.on=true'), {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
      ignore: ['/body/columnDefinitions/*/description'],
    }),
    patch('leave the selection', 'merge', `${L}/all`, { spec: { color: 'blue' } }),
    patch('enter the selection', 'merge', `${L}/none`, { spec: { color: 'red' } }),
    patch('stay in the selection', 'merge', `${L}/none`, { spec: { later: 'y' } }),
    patch('change outside', 'merge', `${L}/false`, { spec: { later: 'y' } }),
    remove('delete in the selection', `${L}/none`),
    remove('delete outside', `${L}/null`),
    get('watch the selection', `${select('spec.color=red')}&watch=true&resourceVersion=%{start}`, {
      events: 5,
    }),
    get(
      'watch what is not there',
      `${select('spec.color!=red,status.phase=')}&watch=true&resourceVersion=%{start}`,
      {
        events: 6,
      },
    ),
    get('watch a field that is none', `${select('spec.later=x')}&watch=true&resourceVersion=%{start}`, {
      events: 1,
    }),
    patch(
      'change the fields',
      'merge',
      `${CRDS}/lamps.select.trial.example.com`,
      { spec: changed },
      { prepare: true },
    ),
    get('new field', select('spec.later=x'), { until: 200 }),
    get('old field', select('spec.color=blue')),
    get('field that stays', select('status.phase=lit')),
    remove('deletecollection of a field', select('spec.later!=x')),
    get('what is left', L),
  ],
};
