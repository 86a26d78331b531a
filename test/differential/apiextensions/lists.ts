/** Lists and watches as today's clients use them: WatchList, paging, selectable fields, versions, Tables, OpenAPI. */
import { get, PARTIAL_LIST, patch, post, remove, TABLE } from '../build.ts';
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
const KIND: Definition = {
  group: 'lists',
  plural: 'cards',
  kind: 'Card',
  spec: object({ color: text, n: { type: 'integer' }, flag: { type: 'boolean' } }),
  version: {
    selectableFields: [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.n' }, { jsonPath: '.spec.flag' }],
    additionalPrinterColumns: [{ name: 'Color', type: 'string', jsonPath: '.spec.color' }],
  },
};
const ALL = collectionOf(KIND);
const enc = encodeURIComponent;
const card = (name: string, color: string, n: number, labels: Record<string, string> = {}): Step =>
  post(`create ${name}`, ALL, {
    ...instance(KIND, name, { spec: { color, n, flag: n > 1 } }),
    metadata: { name, labels: { set: 'all', ...labels } },
  });
const watch = (name: string, query: string, events: number, more: Partial<Step> = {}): Step =>
  get(name, `${ALL}?watch=true&${query}`, { events, ...more });
const INITIAL = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';

export const LISTS: Scenario = {
  name: 'lists',
  steps: [
    namespace('trial-lists'),
    ...define(KIND),
    { ...card('warm', 'none', 0), until: 201 },
    remove('delete warm', `${ALL}/warm`),
    get('empty', ALL, { capture: { start: 'metadata.resourceVersion' } }),
    card('a', 'red', 1, { app: 'web' }),
    card('b', 'blue', 2, { app: 'web' }),
    card('c', 'red', 3, { app: 'db' }),
    card('d', 'blue', 4, { app: 'db' }),
    get('list', ALL, { capture: { full: 'metadata.resourceVersion' } }),
    get('list as a Table', ALL, { headers: { accept: TABLE } }),
    get('list as PartialObjectMetadataList', ALL, { headers: { accept: PARTIAL_LIST } }),
    get('labels', `${ALL}?labelSelector=${enc('app in (web),set')}`),
    get('field color', `${ALL}?fieldSelector=${enc('spec.color=red')}`),
    get('field number', `${ALL}?fieldSelector=${enc('spec.n=2')}`),
    get('field boolean', `${ALL}?fieldSelector=${enc('spec.flag=true,spec.color!=red')}`),
    get('field that is not selectable', `${ALL}?fieldSelector=${enc('spec.other=1')}`),
    get('field name', `${ALL}?fieldSelector=${enc('metadata.name=a,metadata.namespace=trial-lists')}`),
    get('first page', `${ALL}?limit=2`, {
      capture: { next: 'metadata.continue', page: 'metadata.resourceVersion' },
    }),
    patch(
      'change c',
      'merge',
      `${ALL}/c`,
      { spec: { color: 'green' } },
      { capture: { changed: 'metadata.resourceVersion' } },
    ),
    get('second page shows the past', `${ALL}?limit=2&continue=%{next}`),
    get('page of a selector', `${ALL}?limit=1&labelSelector=set`, { ignore: [] }),
    get('page as a Table', `${ALL}?limit=1`, { headers: { accept: TABLE } }),
    get('continue that is no token', `${ALL}?limit=1&continue=x`),
    get('continue with a version', `${ALL}?limit=1&continue=%{next}&resourceVersion=1`),
    get('negative limit', `${ALL}?limit=-5`),
    get('limit that is no number', `${ALL}?limit=x`),
    get('exact version of the past', `${ALL}?resourceVersion=%{full}&resourceVersionMatch=Exact`),
    get('exact version with a limit', `${ALL}?resourceVersion=%{full}&resourceVersionMatch=Exact&limit=1`),
    get('not older than the past', `${ALL}?resourceVersion=%{full}&resourceVersionMatch=NotOlderThan`),
    get('any version', `${ALL}?resourceVersion=0`),
    get('exact version 0', `${ALL}?resourceVersion=0&resourceVersionMatch=Exact`),
    get('match without a version', `${ALL}?resourceVersionMatch=Exact`),
    get('unknown match', `${ALL}?resourceVersion=1&resourceVersionMatch=Odd`),
    get('version that is no number', `${ALL}?resourceVersion=x`),
    get('version in the future', `${ALL}?resourceVersion=99999999`),
    get('get from the future', `${ALL}/a?resourceVersion=99999999`),
    get('initial events without a watch', `${ALL}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan`),
    remove('delete b', `${ALL}/b`),
    watch('watch the past', 'resourceVersion=%{start}', 6),
    watch('watch a label', `resourceVersion=%{start}&labelSelector=${enc('app=web')}`, 3),
    watch('watch a field', `resourceVersion=%{start}&fieldSelector=${enc('spec.color=red')}`, 3),
    watch('watch as a Table', 'resourceVersion=%{changed}', 1, { headers: { accept: TABLE } }),
    watch('watch as metadata', 'resourceVersion=%{changed}', 1, {
      headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    }),
    watch('watch without a version', '', 3, { sorted: true }),
    watch('watch from version 0', 'resourceVersion=0', 3, { sorted: true }),
    watch('watch list', INITIAL, 4),
    watch('watch list from version 0', `${INITIAL}&resourceVersion=0`, 4, { sorted: true }),
    watch('watch list from a version', `${INITIAL}&resourceVersion=%{full}`, 4, { sorted: true }),
    watch('watch list of a label', `${INITIAL}&labelSelector=${enc('app=db')}`, 3),
    watch('watch list as a Table', INITIAL, 4, { headers: { accept: TABLE } }),
    watch('watch list as metadata', INITIAL, 4, {
      headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    }),
    watch(
      'no initial events',
      'sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=%{changed}',
      1,
    ),
    watch('initial events without a match', 'sendInitialEvents=true', 1),
    watch(
      'initial events with an exact match',
      'sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1',
      1,
    ),
    watch('match without initial events', 'resourceVersionMatch=NotOlderThan&resourceVersion=1', 1),
    watch('watch list without bookmarks', 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan', 1, {
      ignore: ['/body'],
    }),
    watch('initial events of no boolean', 'sendInitialEvents=maybe', 1),
    watch('watch from no number', 'resourceVersion=x', 1),
    watch(
      'watch that ends',
      `resourceVersion=%{changed}&timeoutSeconds=1&fieldSelector=${enc('metadata.name=zz')}`,
      0,
    ),
    watch('watch with a limit and continue', 'continue=x&limit=1', 1, { ignore: ['/body'] }),
    remove('dry-run deletecollection', `${ALL}?dryRun=All`),
    remove('deletecollection of a label', `${ALL}?labelSelector=${enc('app=web')}`),
    remove('deletecollection of a field', `${ALL}?fieldSelector=${enc('spec.color=green')}`),
    get('what is left', ALL),
    remove('deletecollection', ALL),
    get('nothing is left', ALL),
  ],
};

const deep = object({ a: text, old: text });
const VERSIONS: Definition = { group: 'versions', plural: 'books', kind: 'Book', spec: deep };
const base = definition(VERSIONS);
const [v1] = base.spec.versions;
const two = {
  ...base,
  spec: {
    ...base.spec,
    conversion: { strategy: 'None' },
    versions: [
      { ...v1, name: 'v1', served: true, storage: true },
      {
        ...v1,
        name: 'v1beta1',
        served: true,
        storage: false,
        deprecated: true,
        schema: {
          openAPIV3Schema: object({ spec: object({ a: text, beta: { type: 'string', default: 'b' } }) }),
        },
      },
      { ...v1, name: 'v1alpha1', served: false, storage: false },
      {
        ...v1,
        name: 'v2',
        served: true,
        storage: false,
        deprecated: true,
        deprecationWarning: 'v2 was a mistake',
      },
    ],
  },
};
const at = (version: string) => collectionOf(VERSIONS, 'versions', version);
const book = (version: string, name: string, spec: object) => ({
  apiVersion: `versions.trial.example.com/${version}`,
  kind: 'Book',
  metadata: { name },
  spec,
});

export const VERSIONS_SCENARIO: Scenario = {
  name: 'versions',
  steps: [
    namespace('trial-versions'),
    post('define', CRDS, two, { prepare: true }),
    get('wait', at('v1'), { until: 200, prepare: true }),
    get('group', '/apis/versions.trial.example.com', { until: 200 }),
    get('resources of the storage version', '/apis/versions.trial.example.com/v1', { until: 200 }),
    get('resources of another', '/apis/versions.trial.example.com/v1beta1', { until: 200 }),
    get('a version that is not served', at('v1alpha1')),
    post('create', at('v1'), book('v1', 'b', { a: 'x', old: 'y' }), { until: 201 }),
    get('get in another version warns', `${at('v1beta1')}/b`),
    get('get in a version with its own warning', `${at('v2')}/b`),
    get('list in another version', at('v1beta1')),
    post('create in another version', at('v1beta1'), book('v1beta1', 'c', { a: 'x', old: 'pruned' })),
    get('get what another made', `${at('v1')}/c`),
    post('create in the wrong version', at('v1beta1'), book('v1', 'd', { a: 'x' })),
    patch('patch in another version', 'merge', `${at('v1beta1')}/b`, { spec: { a: 'z' } }),
    get('get in the storage version', `${at('v1')}/b`),
    patch(
      'apply in one version',
      'apply',
      `${at('v1')}/e?fieldManager=m`,
      book('v1', 'e', { a: 'x', old: 'y' }),
    ),
    patch(
      'apply in another version',
      'apply',
      `${at('v1beta1')}/e?fieldManager=m`,
      book('v1beta1', 'e', { a: 'x' }),
    ),
    patch(
      'apply by another manager in another version',
      'apply',
      `${at('v1beta1')}/e?fieldManager=n`,
      book('v1beta1', 'e', { a: 'other' }),
    ),
    get('watch in another version', `${at('v1beta1')}?watch=true&fieldSelector=metadata.name%3Dc`, {
      events: 1,
    }),
    remove('delete in another version', `${at('v1beta1')}/b`),
  ],
};

const CLUSTER: Definition = {
  group: 'wide',
  plural: 'seas',
  kind: 'Sea',
  spec: object({ a: text }),
  more: {
    scope: 'Cluster',
    names: { plural: 'seas', kind: 'Sea', singular: 'sea', listKind: 'SeaCollection' },
  },
};
const SEAS = '/apis/wide.trial.example.com/v1/seas';

export const CLUSTER_SCOPED: Scenario = {
  name: 'cluster-scoped',
  steps: [
    post('define', CRDS, definition(CLUSTER), { prepare: true }),
    get('wait', SEAS, { until: 200, prepare: true }),
    get('resources', '/apis/wide.trial.example.com/v1', {
      until: 200,
      ignore: ['/body/resources/*/storageVersionHash'],
    }),
    post('create', SEAS, instance(CLUSTER, 'north', { spec: { a: 'x' } }), { until: 201 }),
    post('create with a namespace', SEAS, {
      ...instance(CLUSTER, 'south'),
      metadata: { name: 'south', namespace: 'x' },
    }),
    get('in a namespace', '/apis/wide.trial.example.com/v1/namespaces/default/seas'),
    get('one in a namespace', '/apis/wide.trial.example.com/v1/namespaces/default/seas/north'),
    get('list has its own kind', SEAS),
    get('no status', `${SEAS}/north/status`),
    get('no scale', `${SEAS}/north/scale`),
    get('Table without columns', SEAS, {
      headers: { accept: TABLE },
      ignore: ['/body/columnDefinitions/*/description'],
    }),
    remove('delete', `${SEAS}/north`),
  ],
};
